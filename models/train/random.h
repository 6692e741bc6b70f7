// Seeded draws of the training data.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

namespace lowkey::train {

using Random = std::mt19937_64;

// Of one step, scene or shard: the same each time, after a resume as well.
inline std::uint64_t seed_of(std::uint64_t seed, int number) {
    return seed * 1000003 + static_cast<std::uint64_t>(number);
}

inline double uniform(Random& random, double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
}

// Each factor as likely as the next: for sizes, both above 0.
inline double log_uniform(Random& random, double low, double high) {
    return std::exp(uniform(random, std::log(low), std::log(high)));
}

inline bool chance(Random& random, double share) {
    return uniform(random, 0, 1) < share;
}

}  // namespace lowkey::train
