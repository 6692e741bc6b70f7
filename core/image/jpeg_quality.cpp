#include "image/jpeg_quality.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace lowkey::image {
namespace {

// Distance to the table of a quality, relative so that small entries count too.
double distance(const QuantisationTable& table, const QuantisationTable& base, int quality) {
    double sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const int expected = scaled_step(base[i], quality);
        sum += std::abs(table[i] - expected) / static_cast<double>(expected);
    }
    return sum;
}

}  // namespace

int scaled_step(int base, double quality) {
    const double scale = quality < 50 ? std::floor(5000 / quality) : 200 - 2 * quality;
    return static_cast<int>(std::clamp(std::floor((base * scale + 50) / 100), 1.0, 255.0));
}

int estimate_jpeg_quality(const std::vector<QuantisationTable>& tables) {
    int best = 75;
    double least = std::numeric_limits<double>::infinity();
    for (int quality = 1; quality <= 100; ++quality) {
        double sum = 0;
        for (std::size_t i = 0; i < tables.size(); ++i)
            sum += distance(tables[i], i == 0 ? kLumaTable : kChromaTable, quality);
        if (sum >= least) continue;
        least = sum;
        best = quality;
    }
    return best;
}

}  // namespace lowkey::image
