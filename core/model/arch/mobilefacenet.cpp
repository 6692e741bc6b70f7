// MobileFaceNet (Chen et al., 2018): depthwise residual blocks with PReLU and a global depthwise
// convolution in place of pooling.
#include <array>

#include "model/arch/depthwise_block.h"
#include "model/arch/network.h"

namespace lowkey::model {
namespace {

struct Parameters {
    double width;
    std::vector<int> blocks;
    int embedding;
    double eps;
};

class MobileFaceNet : public Network {
  public:
    MobileFaceNet(const Parameters& p, InputSize input) {
        const auto unit = [&](const std::string& name, const torch::nn::Conv2dOptions& options,
                              Activation activation) {
            return register_module(name, std::make_shared<ConvUnit>(options, activation, p.eps));
        };
        const int stem = scaled(64, p.width);
        stem_ = unit("stem", conv_options(3, stem, 3, 2, 1), Activation::prelu);
        depthwise_ =
            unit("stem_depthwise", conv_options(stem, stem, 3, 1, 1, stem), Activation::prelu);

        // Channels out, inner channels of the strided block, inner channels of the residual blocks.
        constexpr std::array<std::array<int, 3>, 3> kStages{
            {{64, 128, 128}, {128, 256, 256}, {128, 512, 256}}};
        const auto blocks =
            register_module("blocks", std::make_shared<torch::nn::Module>("blocks"));
        int channels = stem, index = 0;
        for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
            const auto [out, first, rest] = kStages[stage];
            const int next = scaled(out, p.width);
            for (int i = 0; i <= p.blocks[stage]; ++i) {
                blocks_.push_back(blocks->register_module(
                    std::to_string(index++), std::make_shared<DepthwiseBlock>(
                                                 channels, scaled(i == 0 ? first : rest, p.width),
                                                 next, i == 0 ? 2 : 1, Activation::prelu, p.eps)));
                channels = next;
            }
        }
        const int head = scaled(512, p.width);
        head_ = unit("head", conv_options(channels, head, 1), Activation::prelu);
        // Four halvings, each rounded up.
        const auto left = [](int size) { return (size + 15) / 16; };
        global_ = unit(
            "global", conv_options(head, head, {left(input.height), left(input.width)}, 1, 0, head),
            Activation::none);
        embedding_ = unit("embedding", conv_options(head, p.embedding, 1), Activation::none);
    }

    torch::Tensor forward(const torch::Tensor& x) override {
        auto y = depthwise_->forward(stem_->forward(x));
        for (const auto& block : blocks_) y = block->forward(y);
        return embedding_->forward(global_->forward(head_->forward(y))).flatten(1);
    }

  private:
    std::shared_ptr<ConvUnit> stem_, depthwise_, head_, global_, embedding_;
    std::vector<std::shared_ptr<DepthwiseBlock>> blocks_;
};

}  // namespace

std::shared_ptr<Network> make_mobilefacenet(JsonObject& parameters, InputSize input) {
    return std::make_shared<MobileFaceNet>(
        Parameters{parameters.number("width", 0.1, 4, 1),
                   parameters.integers("blocks", 3, 0, 64, {4, 6, 2}),
                   parameters.integer("embedding", 8, 4096, 128),
                   parameters.number("bn_eps", 0, 0.1, 1e-5)},
        input);
}

}  // namespace lowkey::model
