#include "cuda/out_of_memory.h"

namespace lowkey::cuda {

bool says_out_of_memory(const std::string& message) {
    return message.find("out of memory") != std::string::npos ||
           message.find("can't allocate memory") != std::string::npos ||
           message.find("not enough memory") != std::string::npos;
}

bool says_out_of_memory(const c10::Error& error) {
    return says_out_of_memory(std::string(error.what_without_backtrace()));
}

}  // namespace lowkey::cuda
