// Weights as safetensors files (https://huggingface.co/docs/safetensors): a JSON header and raw
// little-endian arrays; nothing in them is ever executed.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>

namespace lowkey::model {

using Tensors = std::map<std::string, torch::Tensor>;

// float64, float32, float16, bfloat16, int64 and uint8 tensors, on the CPU with the dtype of the
// file. Throws Error(pack) that names the file and what is wrong with it.
Tensors read_safetensors(const std::filesystem::path& file);

// Replaces `file` only when all is written. Throws Error(file).
void write_safetensors(const std::filesystem::path& file, const Tensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace lowkey::model
