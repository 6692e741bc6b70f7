#include "cloak/budget.h"

#include <algorithm>
#include <cmath>

namespace lowkey::cloak {
namespace {

// A measure twice its budget doubles its weight in about three steps: fast enough to settle within
// a quarter of 60 steps, slow enough not to swing.
constexpr double kRate = 0.35;
constexpr double kLowest = 1e-3, kHighest = 1e3;

}  // namespace

void BudgetWeight::update(double measure) {
    const double excess = std::clamp(measure / budget_, 0.25, 4.0);
    weight_ = std::clamp(weight_ * std::pow(excess, kRate), kLowest, kHighest);
}

}  // namespace lowkey::cloak
