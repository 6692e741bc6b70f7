#include "cloak/quality.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "cloak/filters.h"

namespace lowkey::cloak {
namespace {

constexpr double kC1 = 0.01 * 255 * 0.01 * 255, kC2 = 0.03 * 255 * 0.03 * 255;

// Of three kinds of planes, all C x 1 x H x W, one after the other.
torch::Tensor third(const torch::Tensor& planes, int64_t which) {
    const int64_t n = planes.size(0) / 3;
    return planes.narrow(0, which * n, n);
}

// Autograd's own gradient passes over the planes some sixty times, this one some thirty.
struct DssimMap : torch::autograd::Function<DssimMap> {
    using Clean = SsimReference::Clean;

    // SSIM = luminance * contrast / (luminances * contrasts): twice a product over a sum of
    // squares, a constant added to each of the four.
    static torch::Tensor forward(torch::autograd::AutogradContext* context,
                                 const torch::Tensor& changed,
                                 const c10::intrusive_ptr<Clean>& clean) {
        context->saved_data["clean"] = c10::IValue::make_capsule(clean);
        const torch::Tensor moments =
            filter(clean->rows, clean->columns,
                   torch::cat({changed, changed * changed, changed * clean->planes}));
        const torch::Tensor mean = third(moments, 0);
        const torch::Tensor product = mean * clean->mean, square = mean * mean;
        const torch::Tensor contrast = (third(moments, 2) - product).mul_(2).add_(kC2);
        const torch::Tensor contrasts = (third(moments, 1) - square).add_(clean->variance);
        const torch::Tensor luminance = product.mul_(2).add_(kC1);
        const torch::Tensor luminances = square.add_(clean->squared_mean);
        const torch::Tensor inverse = (luminances * contrasts).reciprocal_();
        const torch::Tensor ssim = (luminance * contrast).mul_(inverse);
        context->save_for_backward(
            {changed, mean, luminance, contrast, luminances, contrasts, inverse, ssim});
        return ssim.mul(-0.5).add_(0.5);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& above) {
        TORCH_CHECK(!torch::GradMode::is_enabled(), "DSSIM has a first derivative only");
        const auto held = context->saved_data["clean"].toCapsule();
        const auto& clean = static_cast<const Clean&>(*held);
        const auto saved = context->get_saved_variables();
        const torch::Tensor &changed = saved[0], &mean = saved[1], &luminance = saved[2],
                            &contrast = saved[3], &luminances = saved[4], &contrasts = saved[5],
                            &inverse = saved[6], &ssim = saved[7];
        const torch::Tensor share = above.front() * inverse;
        const torch::Tensor of_mean = (contrasts - luminances)
                                          .mul_(mean)
                                          .mul_(ssim)
                                          .addcmul_(clean.mean, luminance - contrast)
                                          .mul_(share);
        const torch::Tensor of_square = (share * ssim).mul_(luminances).mul_(0.5);
        const torch::Tensor of_product = (share * luminance).neg_();
        const torch::Tensor of_planes = filter(clean.rows.transposed(), clean.columns.transposed(),
                                               torch::cat({of_mean, of_square, of_product}));
        return {third(of_planes, 0)
                    .addcmul(third(of_planes, 1), changed, 2)
                    .addcmul_(third(of_planes, 2), clean.planes),
                torch::Tensor()};
    }
};

}  // namespace

SsimReference::SsimReference(const torch::Tensor& clean) {
    pad_bottom_ = std::max<int64_t>(0, 2 * kSsimRadius + 1 - clean.size(2));
    pad_right_ = std::max<int64_t>(0, 2 * kSsimRadius + 1 - clean.size(3));
    const auto window = [&](int64_t n) {
        return Banded(gaussian_inside(n, kSsimSigma, kSsimRadius, clean.options()));
    };
    const Banded rows = window(clean.size(2) + pad_bottom_);
    const Banded columns = window(clean.size(3) + pad_right_);
    const torch::Tensor all = planes(clean), mean = filter(rows, columns, all);
    const torch::Tensor square = mean.square();
    const torch::Tensor variance = filter(rows, columns, all.square()) - square;
    clean_ = c10::make_intrusive<Clean>();
    clean_->rows = rows;
    clean_->columns = columns;
    clean_->planes = all;
    clean_->mean = mean;
    clean_->squared_mean = square + kC1;
    clean_->variance = variance + kC2;
}

torch::Tensor SsimReference::planes(const torch::Tensor& picture) const {
    const torch::Tensor padded =
        pad_bottom_ + pad_right_ > 0
            ? at::replication_pad2d(picture, {0, pad_right_, 0, pad_bottom_})
            : picture;
    return padded.transpose(0, 1) * 255;
}

torch::Tensor SsimReference::dssim_map(const torch::Tensor& picture) const {
    return DssimMap::apply(planes(picture), clean_);
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
