// The default pack's recognisers: architecture, and whom each learns from.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lowkey::train {

struct StudentPlan {
    std::string name;
    nlohmann::json architecture;  // as in a pack's manifest
    std::map<std::string, double> teachers;
    double rate;     // peak learning rate
    int period = 1;  // as in a pack's manifest
};

// Different in kind and in teachers, so that what moves all of them moves a stranger too.
const std::vector<StudentPlan>& student_plans();

}  // namespace lowkey::train
