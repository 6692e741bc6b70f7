// Quality as the IJG scale of 1 to 100, which most programs show.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace lowkey::image {

using QuantisationTable = std::array<std::uint16_t, 64>;  // natural order

// ITU-T T.81, tables K.1 and K.2.
inline constexpr QuantisationTable kLumaTable = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
inline constexpr QuantisationTable kChromaTable = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
    99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

// An entry of these at a quality of 1 to 100, as libjpeg scales it: 1 to 255.
int scaled_step(int base, double quality);

// The quality whose scaled Annex K tables (ITU-T T.81) are nearest to these; the
// first table is luma's and the others chroma's. Exact for files that libjpeg wrote.
int estimate_jpeg_quality(const std::vector<QuantisationTable>& tables);

}  // namespace lowkey::image
