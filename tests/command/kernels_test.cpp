// Which matrix kernels the command starts anew with.
#include "command/kernels.h"

#include <gtest/gtest.h>

namespace lowkey::command {
namespace {

constexpr Vectors kNone{}, kAvx2{true, false}, kAvx512{true, true};

TEST(Kernels, AYoungProcessorGetsThoseOfItsVectors) {
    EXPECT_STREQ(better_kernels("Prescott", kAvx512).value_or("none"), "SkylakeX");
    EXPECT_STREQ(better_kernels("Prescott", kAvx2).value_or("none"), "Haswell");
    EXPECT_STREQ(better_kernels("Barcelona", kAvx512).value_or("none"), "SkylakeX");
    EXPECT_STREQ(better_kernels("Barcelona", kAvx2).value_or("none"), "Haswell");
}

TEST(Kernels, AProcessorThatOpenBlasKnowsKeepsItsOwn) {
    for (const char* known : {"Haswell", "Zen", "SkylakeX", "Cooperlake", "Sapphirerapids"}) {
        EXPECT_EQ(better_kernels(known, kAvx512), std::nullopt) << known;
    }
}

TEST(Kernels, AnOldProcessorKeepsItsOwn) {
    EXPECT_EQ(better_kernels("Prescott", kNone), std::nullopt);
    EXPECT_EQ(better_kernels("Barcelona", kNone), std::nullopt);
}

}  // namespace
}  // namespace lowkey::command
