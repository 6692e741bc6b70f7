#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lowkey::image {

// Whether an ICC profile says that values are linear light. False for what cannot be read.
bool is_linear_profile(std::span<const std::byte> profile);

// An ICC profile of linear light. x and y of white, red, green and blue in 1/100000, as PNG has
// them; sRGB's where they are not given.
std::vector<std::byte> linear_profile(
    bool grey, const std::optional<std::array<std::int32_t, 8>>& chromaticities);

}  // namespace lowkey::image
