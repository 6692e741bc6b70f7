#include "command/kernels.h"

#include <dlfcn.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <array>
#include <climits>
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

std::optional<const char*> better_kernels(std::string_view chosen, Vectors processor) noexcept {
    const bool fallback = chosen == "Prescott" || chosen == "Barcelona";  // Intel's and AMD's
    if (!fallback || !processor.avx2) return {};
    return processor.avx512 ? "SkylakeX" : "Haswell";
}

void start_with_better_kernels(char** argv) noexcept {
    // Run by an explicit loader, this process is the loader, which would be started anew.
    if (std::getenv(kSetting) != nullptr || getauxval(AT_BASE) == 0) return;
    // Other LibTorch libraries have other matrix products, without this function.
    using CoreName = char* (*)();
    const auto core_name = reinterpret_cast<CoreName>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
    if (core_name == nullptr) return;
    const auto better = better_kernels(core_name(), vectors_of_this_processor());
    std::array<char, PATH_MAX> program{};  // by its own name, which lists of processes then show
    if (!better || readlink("/proc/self/exe", program.data(), program.size() - 1) <= 0) return;
    if (setenv(kSetting, *better, 0) == 0) execv(program.data(), argv);
    // Where that fails the command goes on, only slower.
}

}  // namespace lowkey::command
