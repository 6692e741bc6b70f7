#include "cloak/views.h"

#include <algorithm>
#include <cmath>

#include "cloak/filters.h"
#include "face/alignment.h"

namespace lowkey::cloak {
namespace {

constexpr double kLandmarkJitter = 2;
constexpr double kMaxBlur = 1.5;
constexpr double kMinResize = 0.7;

cv::Matx23d random_jitter(Random& random) {
    std::array<Point, 5> moved = face::kArcFaceTemplate;
    for (Point& point : moved) {
        // Landmarks count from a pixel's corner, the template from its centre.
        point.x += static_cast<float>(0.5 + uniform(random, -kLandmarkJitter, kLandmarkJitter));
        point.y += static_cast<float>(0.5 + uniform(random, -kLandmarkJitter, kLandmarkJitter));
    }
    return face::template_to_picture(moved);
}

View random_geometry(Random& random) {
    View view;
    view.jitter = random_jitter(random);
    view.mirror = uniform(random, 0, 1) < 0.5;
    return view;
}

}  // namespace

double uniform(Random& random, double low, double high) {
    // std::uniform_real_distribution differs between standard libraries; this does not.
    return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}

View random_view(Random& random) {
    View view = random_geometry(random);
    const double choice = uniform(random, 0, 1);
    if (choice < 1.0 / 3) {
        view.blur = uniform(random, 0.3, kMaxBlur);
    } else if (choice < 2.0 / 3) {
        view.resize = uniform(random, kMinResize, 1);
    }
    return view;
}

View random_smooth_view(Random& random) {
    View view = random_geometry(random);
    view.smooth = true;
    return view;
}

torch::Tensor view_filter(const View& view, int64_t n, double step,
                          const torch::TensorOptions& options) {
    torch::Tensor result;
    const auto append = [&](const torch::Tensor& matrix) {
        result = result.defined() ? matrix.matmul(result) : matrix;
    };
    if (view.smooth) {
        const int radius = std::max(1, static_cast<int>(std::lround(kSmoothRadius / step)));
        append(gaussian_matrix(n, kSmoothSigma / step, radius, options));
    }
    if (view.blur > 0) {
        const double sigma = view.blur / step;
        append(gaussian_matrix(n, sigma, static_cast<int>(std::ceil(3 * sigma)), options));
    }
    if (view.resize < 1) {
        append(resize_matrix(n, std::lround(static_cast<double>(n) * view.resize), options));
    }
    return result;
}

}  // namespace lowkey::cloak
