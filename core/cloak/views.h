// Random views of one face: what a stranger's pipeline may do to the picture before it recognises.
#pragma once

#include <torch/types.h>

#include <opencv2/core.hpp>
#include <random>

#include "cloak/compression.h"

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
    Compression jpeg{};   // while it is small
};

using Random = std::mt19937_64;
double uniform(Random& random, double low, double high);

// Jitter as if each landmark had been found up to 2 template pixels off, a mirror half of the time,
// and a blur (sigma <= 1.5), a resize (>= 0.7), a resize (>= 0.5) with JPEG of quality 60 to 95
// while it is small, or nothing.
View random_view(Random& random);
// The same geometry with G: the objective's second term.
View random_smooth_view(Random& random);

// n x n matrix that blurs as the view does along one axis of a crop with `step` template pixels a
// pixel; undefined tensor if it does not.
torch::Tensor blur_matrix(const View& view, int64_t n, double step,
                          const torch::TensorOptions& options);

// The crop, 1 x 3 x H x W, shrunk by area, compressed and enlarged again linearly, as the view has
// it.
torch::Tensor as_posted(const torch::Tensor& crop, const View& view);

}  // namespace lowkey::cloak
