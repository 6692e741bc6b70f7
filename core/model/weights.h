// Between a network's parameters and the tensors of a weights file.
#pragma once

#include <torch/nn/module.h>

#include "model/safetensors.h"

namespace lowkey::model {

// Fills every parameter and buffer, converting to its dtype. Throws Error(pack), naming `file`, for
// a tensor that is missing, has another shape, is not finite or belongs to no parameter.
void load_weights(torch::nn::Module& network, Tensors tensors, const std::filesystem::path& file);

enum class Storage { float32, float16 };

// All parameters and buffers. float16 is for parameters that it can hold; running statistics stay
// float32.
Tensors weights_of(const torch::nn::Module& network, Storage storage);

}  // namespace lowkey::model
