#include "model/arch/face_detector.h"

#include <cmath>
#include <string>

#include "model/arch/network.h"

namespace lowkey::model {
namespace {

constexpr double kEps = 1e-5;
constexpr std::array kStem = {16, 24};
constexpr std::array kChannels = {40, 64, 96};
constexpr int kPairs = 1;  // with a shortcut, in each stage

torch::Tensor enlarged(const torch::Tensor& x) {
    return torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

}  // namespace

FaceDetector::FaceDetector() {
    const auto unit = [&](const std::string& name, int in, int out, int kernel, int stride,
                          Activation activation) {
        return register_module(
            name, std::make_shared<ConvUnit>(conv_options(in, out, kernel, stride, kernel / 2),
                                             activation, kEps));
    };
    stem_ = unit("stem", 3, kStem[0], 3, 2, Activation::relu);
    stem2_ = unit("stem2", kStem[0], kStem[1], 3, 2, Activation::relu);
    int channels = kStem[1];
    for (std::size_t s = 0; s < stages_.size(); ++s) {
        const std::string stage = "stage" + std::to_string(s) + "_";
        const int width = kChannels[s];
        stages_[s].push_back(unit(stage + "0", channels, width, 3, 2, Activation::relu));
        for (int i = 1; i <= 2 * kPairs; ++i)
            stages_[s].push_back(unit(stage + std::to_string(i), width, width, 3, 1,
                                      i % 2 == 1 ? Activation::relu : Activation::none));
        channels = width;
    }
    for (std::size_t s = 0; s < down_.size(); ++s)
        down_[s] = unit("down" + std::to_string(s), kChannels[s + 1], kChannels[s], 1, 1,
                        Activation::none);
    for (std::size_t s = 0; s < heads_.size(); ++s) {
        smooth_[s] =
            unit("smooth" + std::to_string(s), kChannels[s], kChannels[s], 3, 1, Activation::relu);
        heads_[s] = register_module(
            "head" + std::to_string(s),
            torch::nn::Conv2d(torch::nn::Conv2dOptions(kChannels[s], kHeadChannels, 1)));
    }
}

std::array<torch::Tensor, 3> FaceDetector::forward(const torch::Tensor& x) {
    std::array<torch::Tensor, 3> features;
    auto y = stem2_->forward(stem_->forward(x));
    for (std::size_t s = 0; s < stages_.size(); ++s) {
        const Units& units = stages_[s];
        y = units[0]->forward(y);
        for (std::size_t i = 1; i + 1 < units.size(); i += 2)
            y = torch::relu(y + units[i + 1]->forward(units[i]->forward(y)));
        features[s] = y;
    }
    for (std::size_t s = down_.size(); s-- > 0;)
        features[s] = torch::relu(features[s] + enlarged(down_[s]->forward(features[s + 1])));
    for (std::size_t s = 0; s < heads_.size(); ++s)
        features[s] = heads_[s]->forward(smooth_[s]->forward(features[s]));
    return features;
}

void FaceDetector::initialise() {
    model::initialise(*this);
    const torch::NoGradGuard no_grad;
    constexpr double kRareFace = 0.01, kSizeInStrides = 3;
    // Eyes, nose and corners of the mouth, from the box's middle, in its width and height.
    constexpr double kMean[] = {-0.22, -0.12, 0.22, -0.12, 0, 0.09, -0.18, 0.27, 0.18, 0.27};
    for (auto& head : heads_) {
        head->weight.mul_(0.1);
        head->bias[0] = -std::log((1 - kRareFace) / kRareFace);
        head->bias.narrow(0, 3, 2).fill_(std::log(kSizeInStrides));
        for (int i = 0; i < 10; ++i) head->bias[5 + i] = kMean[i] * kSizeInStrides;
    }
}

}  // namespace lowkey::model
