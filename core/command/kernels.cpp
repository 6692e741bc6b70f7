#include "command/kernels.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

namespace lowkey::command {
namespace {

constexpr const char* kSetting = "OPENBLAS_CORETYPE";

}  // namespace

Vectors vectors_of_this_processor() {
#if defined(__x86_64__)
    return {__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
            __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")};
#else
    return {};
#endif
}

std::optional<std::string> better_kernels(std::string_view chosen, Vectors processor) {
    const bool fallback = chosen == "Prescott" || chosen == "Barcelona";  // Intel's and AMD's
    if (!fallback || !processor.avx2) return {};
    return processor.avx512 ? "SkylakeX" : "Haswell";
}

void start_with_better_kernels(char** argv) {
    if (std::getenv(kSetting) != nullptr) return;
    // Other LibTorch libraries have other matrix products, without this function.
    using CoreName = char* (*)();
    const auto core_name = reinterpret_cast<CoreName>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
    if (core_name == nullptr) return;
    const std::optional<std::string> better =
        better_kernels(core_name(), vectors_of_this_processor());
    if (!better || setenv(kSetting, better->c_str(), 0) != 0) return;
    execv("/proc/self/exe", argv);
    // Where that fails the command goes on as it is, only slower.
}

}  // namespace lowkey::command
