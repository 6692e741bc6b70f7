// The warp is pool -> low-pass -> bilinear sample, all linear in the image. With a crop pixel of s
// image pixels, each stage's variance is chosen so that their sum is s^2/12: that of averaging the
// crop pixel's area, so the result follows that average whatever s is, without a jump where the
// pooling factor changes.
#include <torch/nn/functional/conv.h>
#include <torch/nn/functional/padding.h>
#include <torch/nn/functional/pooling.h>
#include <torch/nn/functional/vision.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "face/alignment.h"

namespace lowkey::face {
namespace {

namespace F = torch::nn::functional;

// Pooling keeps at least this many samples across a crop pixel, enough for the low-pass after it.
constexpr double kSamplesPerCropPixel = 3;

struct Interval {
    std::int64_t begin = 0, end = 0;
};

// Part of a side of the image that the crop can see, whole pooling blocks, at least one pixel.
Interval visible(double low, double high, double margin, std::int64_t size, std::int64_t block) {
    const double last = static_cast<double>(size - 1);
    const auto begin = static_cast<std::int64_t>(std::floor(std::clamp(low - margin, 0.0, last)));
    const auto end = static_cast<std::int64_t>(std::ceil(std::clamp(high + margin, 0.0, last))) + 1;
    const std::int64_t aligned_begin = begin / block * block;
    return {aligned_begin, std::min(size, (end + block - 1) / block * block)};
}

// A triangle of whole half-width n, sampled at integers, has exactly the variance (n^2 - 1) / 6,
// and a mixture of two has the mixture: so any variance is met exactly and the taps move
// continuously with it.
std::vector<double> low_pass_taps(double variance) {
    const int n = std::max(1, static_cast<int>(std::floor(std::sqrt(6 * variance + 1))));
    const double share =
        (6 * variance + 1 - n * n) / (2.0 * n + 1);  // of the triangle of half-width n + 1
    std::vector<double> taps;
    for (int i = -n; i <= n; ++i) {
        const int distance = std::abs(i);
        taps.push_back((1 - share) * (n - distance) / (n * n) +
                       share * (n + 1 - distance) / ((n + 1.0) * (n + 1)));
    }
    return taps;
}

torch::Tensor low_pass(const torch::Tensor& image, double variance) {
    if (variance <= 0) return image;
    const std::vector<double> values = low_pass_taps(variance);
    const auto count = static_cast<std::int64_t>(values.size()), reach = count / 2;
    const std::int64_t channels = image.size(1);
    const torch::Tensor taps = torch::tensor(values, torch::kDouble).to(image.options());
    const auto padding = F::PadFuncOptions({reach, reach, reach, reach}).mode(torch::kReplicate);
    // One group a channel, channels last: on a CPU the other layouts are 10 to 60 times slower
    // backwards.
    const torch::Tensor padded =
        F::pad(image, padding).contiguous(torch::MemoryFormat::ChannelsLast);
    const auto options = F::Conv2dFuncOptions().groups(channels);
    return F::conv2d(
        F::conv2d(padded, taps.view({1, 1, 1, count}).expand({channels, 1, 1, count}), options),
        taps.view({1, 1, count, 1}).expand({channels, 1, count, 1}), options);
}

// Grid of F::grid_sample (align_corners): -1 and 1 are the centres of the first and last pixel.
torch::Tensor sampling_grid(const cv::Matx23d& m, int height, int width, std::int64_t image_height,
                            std::int64_t image_width) {
    const torch::Tensor u = torch::arange(width, torch::kDouble).view({1, width});
    const torch::Tensor v = torch::arange(height, torch::kDouble).view({height, 1});
    const double half_x = static_cast<double>(std::max<std::int64_t>(1, image_width - 1)) / 2;
    const double half_y = static_cast<double>(std::max<std::int64_t>(1, image_height - 1)) / 2;
    const torch::Tensor x = (m(0, 0) * u + m(0, 1) * v + m(0, 2)) / half_x - 1;
    const torch::Tensor y = (m(1, 0) * u + m(1, 1) * v + m(1, 2)) / half_y - 1;
    return torch::stack({x, y}, -1).unsqueeze(0);
}

}  // namespace

torch::Tensor warp(const torch::Tensor& image, const cv::Matx23d& m, int height, int width) {
    TORCH_CHECK(image.dim() == 4 && image.size(2) > 0 && image.size(3) > 0,
                "warp: image must be N x C x H x W");
    const double scale = std::sqrt(std::abs(m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0)));
    const auto block =
        std::max<std::int64_t>(1, static_cast<std::int64_t>(scale / kSamplesPerCropPixel));
    const auto k = static_cast<double>(block);
    const double pooled_scale = scale / k;
    // In pooled pixels: the crop pixel's area, less what pooling (a box) and bilinear sampling (a
    // triangle) blur.
    const double variance =
        std::max(0.0, pooled_scale * pooled_scale / 12 - (1 - 1 / (k * k)) / 12 - 1.0 / 6);

    const double right = width - 1, bottom = height - 1;
    const auto [low_x, high_x] =
        std::minmax({m(0, 2), m(0, 0) * right + m(0, 2), m(0, 1) * bottom + m(0, 2),
                     m(0, 0) * right + m(0, 1) * bottom + m(0, 2)});
    const auto [low_y, high_y] =
        std::minmax({m(1, 2), m(1, 0) * right + m(1, 2), m(1, 1) * bottom + m(1, 2),
                     m(1, 0) * right + m(1, 1) * bottom + m(1, 2)});
    const double margin = k * (std::sqrt(6 * variance + 1) + 3);
    const Interval columns = visible(low_x, high_x, margin, image.size(3), block);
    const Interval rows = visible(low_y, high_y, margin, image.size(2), block);

    torch::Tensor seen = image.slice(2, rows.begin, rows.end).slice(3, columns.begin, columns.end);
    if (block > 1)
        seen = F::avg_pool2d(
            seen, F::AvgPool2dFuncOptions(block).ceil_mode(true).count_include_pad(false));
    seen = low_pass(seen, variance);

    // Pooled pixel X covers image pixels begin + k X ... begin + k X + k - 1.
    cv::Matx23d to_seen = m * (1 / k);
    to_seen(0, 2) = (m(0, 2) - static_cast<double>(columns.begin) + 0.5) / k - 0.5;
    to_seen(1, 2) = (m(1, 2) - static_cast<double>(rows.begin) + 0.5) / k - 0.5;
    const torch::Tensor grid =
        sampling_grid(to_seen, height, width, seen.size(2), seen.size(3)).to(image.options());
    return F::grid_sample(seen, grid.expand({image.size(0), -1, -1, -1}),
                          F::GridSampleFuncOptions()
                              .mode(torch::kBilinear)
                              .padding_mode(torch::kBorder)
                              .align_corners(true));
}

}  // namespace lowkey::face
