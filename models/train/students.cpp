#include "train/students.h"

namespace lowkey::train {

const std::vector<StudentPlan>& student_plans() {
    static const std::vector<StudentPlan> plans = {
        {"mobile",
         {{"name", "mobilefacenet"}, {"width", 0.5}, {"blocks", {4, 6, 2}}, {"embedding", 256}},
         {{"insightface_y1", 1}, {"graykey", 1}},
         3e-3},
        {"slim",
         {{"name", "mobilefacenet"}, {"width", 0.375}, {"blocks", {2, 8, 3}}, {"embedding", 256}},
         {{"xiaoccer", 1}, {"insightface_y1", 1}},
         3e-3},
        {"residual",
         {{"name", "mobileface_v2"}, {"width", 0.5}, {"embedding", 256}},
         {{"mobileface_v2", 1}, {"graykey", 1}},
         3e-3},
        {"transformer",
         {{"name", "vit"},
          {"stem", "conv"},
          {"patch", 8},
          {"width", 160},
          {"depth", 5},
          {"heads", 4},
          {"mlp", 2},
          {"embedding", 256}},
         {{"insightface_y1", 1}, {"graykey", 1}, {"mobileface_v2", 1}, {"xiaoccer", 1}},
         1.5e-3},
    };
    return plans;
}

}  // namespace lowkey::train
