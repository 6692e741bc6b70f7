#include "model/arch/block.h"

#include <algorithm>
#include <cmath>

#include "model/arch/prelu.h"

namespace lowkey::model {

torch::Tensor ConvBn::operator()(const torch::Tensor& x) const {
    auto y = conv.ptr()->forward(x);
    return bn.is_empty() ? y : bn.ptr()->forward(y);
}

std::shared_ptr<ConvBn> Block::conv_bn(torch::nn::Module& parent, const std::string& conv,
                                       const std::string& bn,
                                       const torch::nn::Conv2dOptions& options, double eps) {
    auto modules = std::make_shared<ConvBn>();
    modules->conv = parent.register_module(conv, torch::nn::Conv2d(options));
    modules->bn = parent.register_module(
        bn, torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(options.out_channels()).eps(eps)));
    pairs_.push_back({&parent, conv, bn, options, modules});
    return modules;
}

void Block::fold() {
    const torch::NoGradGuard no_grad;
    for (auto& pair : pairs_) {
        if (pair.modules->bn.is_empty()) continue;
        const auto& conv = *pair.modules->conv;
        const auto& bn = *pair.modules->bn;
        // In float64: small running variances make large factors.
        const auto factor = bn.weight.to(torch::kFloat64) /
                            (bn.running_var.to(torch::kFloat64) + bn.options.eps()).sqrt();
        auto shift = bn.bias.to(torch::kFloat64) - bn.running_mean.to(torch::kFloat64) * factor;
        if (conv.bias.defined()) shift += conv.bias.to(torch::kFloat64) * factor;

        auto options = pair.options;
        torch::nn::Conv2d merged(options.bias(true));
        merged->to(conv.weight.device(), conv.weight.scalar_type());
        merged->weight.copy_(conv.weight.to(torch::kFloat64) * factor.view({-1, 1, 1, 1}));
        merged->bias.copy_(shift);
        merged->train(is_training());
        pair.modules->conv = pair.parent->replace_module(pair.conv, merged);
        pair.parent->unregister_module(pair.bn);
        pair.modules->bn = nullptr;
    }
}

ConvUnit::ConvUnit(const torch::nn::Conv2dOptions& options, Activation activation, double eps)
    : conv_(conv_bn(*this, "conv", "bn", options, eps)), activation_(activation) {
    if (activation == Activation::prelu) {
        prelu_ = register_module(
            "prelu",
            torch::nn::PReLU(torch::nn::PReLUOptions().num_parameters(options.out_channels())));
    }
}

torch::Tensor ConvUnit::forward(const torch::Tensor& x) {
    auto y = (*conv_)(x);
    switch (activation_) {
        case Activation::none:
            return y;
        case Activation::prelu:
            return parametric_relu(y, prelu_->weight);
        case Activation::relu:
            return torch::relu(y);
        case Activation::relu6:
            // clamp's gradient is not vectorised, and hardtanh has none in bfloat16.
            if (y.scalar_type() == torch::kBFloat16) return torch::relu(y) - torch::relu(y - 6);
            return torch::hardtanh(y, 0, 6);
    }
    return y;
}

torch::nn::Conv2dOptions conv_options(int in, int out, torch::ExpandingArray<2> kernel, int stride,
                                      torch::ExpandingArray<2> padding, int groups) {
    return torch::nn::Conv2dOptions(in, out, kernel)
        .stride(stride)
        .padding(padding)
        .groups(groups)
        .bias(false);
}

int scaled(int channels, double width) {
    return std::max(8, static_cast<int>(std::lround(channels * width / 8)) * 8);
}

}  // namespace lowkey::model
