// Networks as lists of operations over float32 arrays: the form of ../shared/models.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lowkey::convert {

struct Operation {
    std::string kind;
    std::vector<std::string> inputs;
};

struct OpList {
    std::map<std::string, torch::Tensor> arrays;
    std::vector<Operation> operations;
    std::string result;
};

// Reads `stem`.txt and `stem`.bin. Throws Error(file) for missing or damaged files.
OpList read_op_list(const std::filesystem::path& stem);

}  // namespace lowkey::convert
