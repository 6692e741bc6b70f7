#include "model/arch/close_up.h"

#include <array>
#include <string>

#include "model/arch/network.h"

namespace lowkey::model {
namespace {

constexpr double kEps = 1e-5;
constexpr int kStem = 16, kHidden = 192;
constexpr std::array kChannels = {32, 64, 96};
constexpr int kLastSide = 4;

}  // namespace

CloseUpNetwork::CloseUpNetwork() {
    const auto unit = [&](const std::string& name, int in, int out, int stride,
                          Activation activation) {
        return register_module(name, std::make_shared<ConvUnit>(conv_options(in, out, 3, stride, 1),
                                                                activation, kEps));
    };
    stem_ = unit("stem", 3, kStem, 2, Activation::relu);
    int channels = kStem;
    for (std::size_t s = 0; s < kChannels.size(); ++s) {
        const std::string stage = "stage" + std::to_string(s) + "_";
        const int width = kChannels[s];
        stages_.push_back({unit(stage + "0", channels, width, 2, Activation::relu),
                           unit(stage + "1", width, width, 1, Activation::relu),
                           unit(stage + "2", width, width, 1, Activation::none)});
        channels = width;
    }
    hidden_ =
        register_module("hidden", torch::nn::Linear(channels * kLastSide * kLastSide, kHidden));
    answer_ = register_module("answer", torch::nn::Linear(kHidden, kCloseUpValues));
}

torch::Tensor CloseUpNetwork::forward(const torch::Tensor& x) {
    auto y = stem_->forward(x);
    for (const auto& units : stages_) {
        y = units[0]->forward(y);
        y = torch::relu(y + units[2]->forward(units[1]->forward(y)));
    }
    return answer_->forward(torch::relu(hidden_->forward(y.flatten(1))));
}

void CloseUpNetwork::initialise() {
    model::initialise(*this);
    const torch::NoGradGuard no_grad;
    // Eyes, nose and corners of the mouth from the middle of a window a quarter larger than the
    // box.
    constexpr std::array kUsual = {-.14, -.10, .14, -.10, 0., .07, -.11, .22, .11, .22};
    answer_->weight.mul_(0.1);
    answer_->bias.zero_();
    for (std::size_t i = 0; i < kUsual.size(); ++i)
        answer_->bias[static_cast<int64_t>(5 + i)] = kUsual[i];
}

}  // namespace lowkey::model
