// PReLU whose gradient is fast where the slopes are fixed, as they are in a cloak.
#pragma once

#include <torch/types.h>

namespace lowkey::model {

// x: N x C x H x W; slopes: C. The same as torch::prelu, whose gradient takes ten times its value
// on a CPU: its kernel is not vectorised, and sums a gradient of slopes that nobody asked for.
torch::Tensor parametric_relu(const torch::Tensor& x, const torch::Tensor& slopes);

}  // namespace lowkey::model
