// Quality as the IJG scale of 1 to 100, which most programs show.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace lowkey::image {

// The quality whose scaled Annex K tables (ITU-T T.81) are nearest to these; natural order, the
// first table is luma's and the others chroma's. Exact for files that libjpeg wrote.
int estimate_jpeg_quality(const std::vector<std::array<std::uint16_t, 64>>& tables);

}  // namespace lowkey::image
