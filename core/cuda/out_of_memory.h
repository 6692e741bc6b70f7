// LibTorch's own errors for want of memory, on a GPU or not, are no type of their own everywhere.
#pragma once

#include <c10/util/Exception.h>

#include <string>

namespace lowkey::cuda {

bool says_out_of_memory(const std::string& message);
bool says_out_of_memory(const c10::Error& error);

}  // namespace lowkey::cuda
