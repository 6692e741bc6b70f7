#include "model/arch/prelu.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace lowkey::model {
namespace {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;
constexpr int64_t kGrain = 32768;  // values, as in ATen's own kernels

// All in the order channels last.
torch::Tensor gradient_of(const torch::Tensor& x, const torch::Tensor& slopes,
                          const torch::Tensor& above) {
    torch::Tensor below = torch::empty_like(x, kLast);
    const auto channels = x.size(1), places = x.numel() / channels;
    const float *xs = x.data_ptr<float>(), *ws = slopes.data_ptr<float>(),
                *gs = above.data_ptr<float>();
    float* out = below.data_ptr<float>();
    at::parallel_for(0, places, std::max<int64_t>(1, kGrain / channels),
                     [&](int64_t begin, int64_t end) {
                         for (int64_t place = begin; place < end; ++place) {
                             const int64_t row = place * channels;
                             for (int64_t c = 0; c < channels; ++c)
                                 out[row + c] = gs[row + c] * (xs[row + c] > 0 ? 1.0F : ws[c]);
                         }
                     });
    return below;
}

struct FixedPrelu : torch::autograd::Function<FixedPrelu> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                                 const torch::Tensor& slopes) {
        context->save_for_backward({x, slopes});
        return torch::prelu(x, slopes);
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list above) {
        const auto saved = context->get_saved_variables();
        const torch::Tensor &x = saved[0], &slopes = saved[1];
        if (torch::GradMode::is_enabled())  // a gradient that will itself be differentiated
            return {above[0] * torch::where(x > 0, torch::ones_like(x), slopes.view({1, -1, 1, 1})),
                    torch::Tensor()};
        return {gradient_of(x, slopes, above[0].contiguous(kLast)), torch::Tensor()};
    }
};

}  // namespace

torch::Tensor parametric_relu(const torch::Tensor& x, const torch::Tensor& slopes) {
    const bool fixed = x.requires_grad() && !slopes.requires_grad();
    const bool plain = x.device().is_cpu() && x.scalar_type() == torch::kFloat && x.dim() == 4 &&
                       x.is_contiguous(kLast) && slopes.scalar_type() == torch::kFloat &&
                       slopes.is_contiguous() && slopes.numel() == x.size(1);
    if (fixed && plain) return FixedPrelu::apply(x, slopes);
    return torch::prelu(x, slopes.to(x.scalar_type()));  // LibTorch 2.0 wants them alike
}

}  // namespace lowkey::model
