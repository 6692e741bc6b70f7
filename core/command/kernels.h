// The matrix kernels that OpenBLAS uses.
#pragma once

#include <optional>
#include <string_view>

namespace lowkey::command {

struct Vectors {
    bool avx2 = false, avx512 = false;
};
Vectors vectors_of_this_processor();

// OpenBLAS chooses its kernels by the processor's model. To one that it does not know, as Debian
// 12's does not know a laptop of 2023, it gives those of 2004 or 2007 (its issues 4267 and 3620).
// `chosen` is OpenBLAS's name of what it runs; the result is its name of better ones, or nothing
// where it knew the processor.
std::optional<const char*> better_kernels(std::string_view chosen, Vectors processor) noexcept;

// OpenBLAS reads its setting only when it is loaded, so where there are better kernels this starts
// the command anew with them, once. A choice of the user's own in OPENBLAS_CORETYPE stays.
void start_with_better_kernels(char** argv) noexcept;

}  // namespace lowkey::command
