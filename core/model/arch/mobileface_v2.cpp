// MobileFace identification net, version 2: inverted residual blocks with ReLU6, a plain linear
// layer over all positions at the end (https://github.com/becauseofAI/MobileFace, MIT).
#include <torch/nn/modules/linear.h>

#include <array>

#include "model/arch/depthwise_block.h"
#include "model/arch/network.h"

namespace lowkey::model {
namespace {

struct Parameters {
    double width;
    int expansion;
    std::vector<int> blocks;
    int embedding;
    double eps;
};

class MobileFaceV2 : public Network {
  public:
    MobileFaceV2(const Parameters& p, InputSize input) {
        constexpr std::array<int, 4> kChannels{32, 32, 64, 128};
        int channels = scaled(kChannels[0], p.width), index = 0;
        stem_ =
            register_module("stem", std::make_shared<ConvUnit>(conv_options(3, channels, 3, 2, 1),
                                                               Activation::relu6, p.eps));
        const auto blocks =
            register_module("blocks", std::make_shared<torch::nn::Module>("blocks"));
        for (std::size_t stage = 0; stage < kChannels.size(); ++stage) {
            const int next = scaled(kChannels[stage], p.width);
            // A stage's strided block expands its input only.
            for (int i = 0; i <= p.blocks[stage]; ++i) {
                blocks_.push_back(blocks->register_module(
                    std::to_string(index++),
                    std::make_shared<DepthwiseBlock>(channels, channels * p.expansion, next,
                                                     i == 0 ? 2 : 1, Activation::relu6, p.eps)));
                channels = next;
            }
        }
        // Five halvings, each rounded up.
        const auto left = [](int size) { return (size + 31) / 32; };
        linear_ = register_module(
            "embedding",
            torch::nn::Linear(torch::nn::LinearOptions(
                                  channels * left(input.height) * left(input.width), p.embedding)
                                  .bias(false)));
        bn_ = register_module(
            "embedding_bn",
            torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(p.embedding).eps(p.eps)));
    }

    torch::Tensor forward(const torch::Tensor& x) override {
        auto y = stem_->forward(x);
        for (const auto& block : blocks_) y = block->forward(y);
        return bn_(linear_(y.flatten(1)));
    }

  private:
    std::shared_ptr<ConvUnit> stem_;
    std::vector<std::shared_ptr<DepthwiseBlock>> blocks_;
    torch::nn::Linear linear_{nullptr};
    torch::nn::BatchNorm1d bn_{nullptr};
};

}  // namespace

std::shared_ptr<Network> make_mobileface_v2(JsonObject& parameters, InputSize input) {
    return std::make_shared<MobileFaceV2>(
        Parameters{parameters.number("width", 0.1, 8, 1), parameters.integer("expansion", 1, 8, 3),
                   parameters.integers("blocks", 4, 0, 64, {2, 2, 2, 2}),
                   parameters.integer("embedding", 8, 4096, 256),
                   parameters.number("bn_eps", 0, 0.1, 1e-3)},
        input);
}

}  // namespace lowkey::model
