#include "cloak/quality.h"

#include <algorithm>
#include <cmath>

#include "cloak/filters.h"

namespace lowkey::cloak {
namespace {

constexpr double kC1 = 0.01 * 255 * 0.01 * 255, kC2 = 0.03 * 255 * 0.03 * 255;

}  // namespace

SsimReference::SsimReference(const torch::Tensor& clean) {
    pad_bottom_ = std::max<int64_t>(0, 2 * kSsimRadius + 1 - clean.size(2));
    pad_right_ = std::max<int64_t>(0, 2 * kSsimRadius + 1 - clean.size(3));
    const auto window = [&](int64_t n) {
        return Banded(gaussian_inside(n, kSsimSigma, kSsimRadius, clean.options()));
    };
    rows_ = window(clean.size(2) + pad_bottom_);
    columns_ = window(clean.size(3) + pad_right_);
    clean_ = planes(clean);
    mean_ = smooth(clean_);
    variance_ = smooth(clean_.square()) - mean_.square();
}

torch::Tensor SsimReference::planes(const torch::Tensor& picture) const {
    const torch::Tensor padded =
        pad_bottom_ + pad_right_ > 0
            ? at::replication_pad2d(picture, {0, pad_right_, 0, pad_bottom_})
            : picture;
    return padded.transpose(0, 1) * 255;
}

torch::Tensor SsimReference::smooth(const torch::Tensor& planes) const {
    return filter(rows_, columns_, planes);
}

torch::Tensor SsimReference::dssim_map(const torch::Tensor& picture) const {
    const torch::Tensor changed = planes(picture);
    const int64_t n = changed.size(0);
    const torch::Tensor moments = smooth(torch::cat({changed, changed.square(), changed * clean_}));
    const torch::Tensor mean = moments.narrow(0, 0, n);
    const torch::Tensor variance = moments.narrow(0, n, n) - mean.square();
    const torch::Tensor product = mean * mean_;
    const torch::Tensor covariance = moments.narrow(0, 2 * n, n) - product;
    const torch::Tensor ssim =
        ((2 * product + kC1) * (2 * covariance + kC2)) /
        ((mean.square() + mean_.square() + kC1) * (variance + variance_ + kC2));
    return (1 - ssim) / 2;
}

ChromaMeasure::ChromaMeasure(int64_t height, int64_t width, double sigma,
                             const torch::TensorOptions& options) {
    const int radius = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
    // What a Gaussian leaves needs few samples: one every sigma pixels shows all of it.
    const double spacing = std::max(1.0, sigma);
    const auto samples = [&](int64_t n) {
        const auto count = std::max<int64_t>(1, std::lround(static_cast<double>(n) / spacing));
        const torch::Tensor every = ((torch::arange(count, torch::kFloat64) + 0.5) *
                                     (static_cast<double>(n) / static_cast<double>(count)))
                                        .floor()
                                        .to(torch::kLong)
                                        .to(options.device());
        return gaussian_matrix(n, std::max(sigma, 0.3), radius, options).index_select(0, every);
    };
    rows_ = samples(height);
    columns_ = samples(width);
    to_chroma_ = torch::tensor({-0.168736, -0.331264, 0.5, 0.5, -0.418688, -0.081312}, options)
                     .view({2, 3}) *
                 255;
}

torch::Tensor ChromaMeasure::operator()(const torch::Tensor& difference) const {
    const torch::Tensor smoothed = filter(rows_, columns_, difference.squeeze(0));  // 3 x h x w
    const torch::Tensor chroma = to_chroma_.matmul(smoothed.reshape({3, -1}));
    // The small term keeps the root's gradient finite where nothing has changed yet.
    return (chroma.square().mean() + 1e-8).sqrt();
}

}  // namespace lowkey::cloak
