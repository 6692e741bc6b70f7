// Compute device chosen at run time; nothing assumes a GPU.
#pragma once

#include <torch/types.h>

#include <string>

namespace lowkey::cuda {

// "auto": the first CUDA device if LibTorch sees one, else the CPU. Throws Error(device) if a named
// device is absent or unknown.
torch::Device choose_device(const std::string& name);
std::string describe(const torch::Device& device);

}  // namespace lowkey::cuda
