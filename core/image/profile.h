#pragma once

#include <cstddef>
#include <span>

namespace lowkey::image {

// Whether an ICC profile says that values are linear light. False for what cannot be read.
bool is_linear_profile(std::span<const std::byte> profile);

}  // namespace lowkey::image
