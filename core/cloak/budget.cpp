#include "cloak/budget.h"

#include <algorithm>
#include <cmath>

namespace lowkey::cloak {
namespace {

// The slow part finds the weight that the budget is worth, the quick part (the square of the
// measure over its budget) answers at once: the slow part alone swings for longer than a cloak
// lasts.
constexpr double kRate = 0.1;
constexpr double kQuickLowest = 0.05, kQuickHighest = 20;
constexpr double kLowest = 0.05, kHighest = 100;

}  // namespace

void BudgetWeight::update(double measure) {
    const double share = measure / budget_;
    slow_ = std::clamp(slow_ * std::pow(std::clamp(share, 0.25, 4.0), kRate), kLowest, kHighest);
    quick_ = std::clamp(share * share, kQuickLowest, kQuickHighest);
}

}  // namespace lowkey::cloak
