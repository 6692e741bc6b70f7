// Random views of one face: what a stranger's pipeline may do to the picture before it recognises.
#pragma once

#include <torch/types.h>

#include <opencv2/core.hpp>
#include <random>

namespace lowkey::cloak {

// G of the objective: 7x7, sigma 3, in template pixels.
inline constexpr double kSmoothSigma = 3;
inline constexpr int kSmoothRadius = 3;

struct View {
    cv::Matx23d jitter{1, 0, 0, 0, 1, 0};  // template point -> template point
    bool mirror = false;
    bool smooth = false;  // G of the objective
    double blur = 0;      // sigma in template pixels
    double resize = 1;    // shrunk by this factor and enlarged again
};

using Random = std::mt19937_64;
double uniform(Random& random, double low, double high);

// Jitter as if each landmark had been found up to 2 template pixels off, a mirror half of the time,
// and a blur (sigma <= 1.5), a resize (>= 0.7), G, or none of them.
View random_view(Random& random);
// The same geometry with G: the objective's second term.
View random_smooth_view(Random& random);

// n x n matrix that applies the view's filters along one axis of a crop with `step` template pixels
// a pixel; undefined tensor if the view has none.
torch::Tensor view_filter(const View& view, int64_t n, double step,
                          const torch::TensorOptions& options);

}  // namespace lowkey::cloak
