#include "cloak/views.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "cloak/filters.h"
#include "face/alignment.h"

namespace lowkey::cloak {
namespace {

constexpr double kLandmarkJitter = 2;
constexpr double kMaxBlur = 1.5;
constexpr double kMinResize = 0.7;
constexpr double kMinPostedSize = 0.5, kMinQuality = 60, kMaxQuality = 95;

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

// Shrunk and then compressed, as most platforms do it.
void post(View& view, Random& random) {
    view.resize = uniform(random, kMinPostedSize, 1);
    view.jpeg.quality = uniform(random, kMinQuality, kMaxQuality);
    view.jpeg.row = static_cast<int>(random() % 8);
    view.jpeg.column = static_cast<int>(random() % 8);
}

}  // namespace

double uniform(Random& random, double low, double high) {
    // std::uniform_real_distribution differs between standard libraries; this does not.
    return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}

View random_view(Random& random) {
    View view = random_geometry(random);
    const double choice = uniform(random, 0, 1);
    if (choice < 0.2) {
        view.blur = uniform(random, 0.3, kMaxBlur);
    } else if (choice < 0.35) {
        view.resize = uniform(random, kMinResize, 1);
    } else if (choice < 0.75) {
        post(view, random);
    }
    return view;
}

View random_smooth_view(Random& random) {
    View view = random_geometry(random);
    view.smooth = true;
    return view;
}

torch::Tensor blur_matrix(const View& view, int64_t n, double step,
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
    return result;
}

torch::Tensor as_posted(const torch::Tensor& crop, const View& view) {
    torch::Tensor pixels = crop;
    if (view.resize < 1) {
        const auto shrink = [&](int64_t n) {
            const int64_t small = std::lround(static_cast<double>(n) * view.resize);
            return area_matrix(n, small, crop.options());
        };
        pixels = filter(shrink(crop.size(2)), shrink(crop.size(3)), pixels);
    }
    if (view.jpeg.quality > 0) pixels = through_jpeg(pixels, view.jpeg);
    if (view.resize < 1) {
        pixels = torch::upsample_bilinear2d(pixels, {crop.size(2), crop.size(3)}, false);
    }
    return pixels;
}

}  // namespace lowkey::cloak
