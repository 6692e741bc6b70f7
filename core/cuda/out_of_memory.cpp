#include "cuda/out_of_memory.h"

#include <string>

namespace lowkey::cuda {

bool says_out_of_memory(const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    return message.find("out of memory") != std::string::npos ||
           message.find("can't allocate memory") != std::string::npos ||
           message.find("not enough memory") != std::string::npos;
}

}  // namespace lowkey::cuda
