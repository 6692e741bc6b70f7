// For loops over values: compiled for each width of the processor's vectors, and chosen when the
// program starts. Debian's baseline has the narrowest only.
#pragma once

#if defined(__x86_64__) && !defined(__clang__)  // which clones no templates
#define LOWKEY_EACH_WIDTH __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define LOWKEY_EACH_WIDTH
#endif
