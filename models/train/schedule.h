// Learning rates of the trainings.
#pragma once

#include <algorithm>
#include <cmath>

namespace lowkey::train {

struct Schedule {
    double peak;        // learning rate after the warm-up
    int warm_up;        // steps, a straight line from nothing
    double last_share;  // of the peak, reached at the end along a cosine
};

// step: 0 to steps - 1.
inline double rate_at(const Schedule& schedule, int step, int steps) {
    if (step < schedule.warm_up) return schedule.peak * (step + 1) / schedule.warm_up;
    const double done =
        static_cast<double>(step - schedule.warm_up) / std::max(1, steps - schedule.warm_up);
    return schedule.peak *
           (schedule.last_share + (1 - schedule.last_share) * 0.5 * (1 + std::cos(M_PI * done)));
}

}  // namespace lowkey::train
