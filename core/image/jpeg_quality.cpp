#include "image/jpeg_quality.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace lowkey::image {
namespace {

using Table = std::array<std::uint16_t, 64>;

// ITU-T T.81, tables K.1 and K.2.
constexpr Table kLuma = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                         14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                         18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                         49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr Table kChroma = {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
                           24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
                           99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                           99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

// Distance to the table of a quality, by libjpeg's scale, relative so that small entries count too.
double distance(const Table& table, const Table& base, int quality) {
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    double sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const int expected = std::clamp((base[i] * scale + 50) / 100, 1, 255);
        sum += std::abs(table[i] - expected) / static_cast<double>(expected);
    }
    return sum;
}

}  // namespace

int estimate_jpeg_quality(const std::vector<Table>& tables) {
    int best = 75;
    double least = std::numeric_limits<double>::infinity();
    for (int quality = 1; quality <= 100; ++quality) {
        double sum = 0;
        for (std::size_t i = 0; i < tables.size(); ++i)
            sum += distance(tables[i], i == 0 ? kLuma : kChroma, quality);
        if (sum >= least) continue;
        least = sum;
        best = quality;
    }
    return best;
}

}  // namespace lowkey::image
