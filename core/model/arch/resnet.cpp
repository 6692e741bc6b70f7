// ResNet-50, ResNet-101, ResNet-152 (He et al., CVPR 2016) with the face head and the parameter
// names of face.evoLVe, whose ResNet-152 the published LowKey ensemble uses; of our own are
// "global" and "bn_global", the depthwise head.
#include <torch/nn/modules/linear.h>

#include <array>

#include "model/arch/network.h"

namespace lowkey::model {
namespace {

constexpr double kEps = 1e-5;
constexpr int kExpansion = 4;

class Bottleneck : public Block {
  public:
    Bottleneck(int in, int inner, int stride, bool downsample) {
        const int out = inner * kExpansion;
        conv1_ = conv_bn(*this, "conv1", "bn1", conv_options(in, inner, 1), kEps);
        conv2_ = conv_bn(*this, "conv2", "bn2", conv_options(inner, inner, 3, stride, 1), kEps);
        conv3_ = conv_bn(*this, "conv3", "bn3", conv_options(inner, out, 1), kEps);
        if (downsample) {
            auto shortcut =
                register_module("downsample", std::make_shared<torch::nn::Module>("downsample"));
            shortcut_ = conv_bn(*shortcut, "0", "1", conv_options(in, out, 1, stride), kEps);
        }
    }

    torch::Tensor forward(const torch::Tensor& x) {
        auto y = torch::relu((*conv1_)(x));
        y = (*conv3_)(torch::relu((*conv2_)(y)));
        return torch::relu(y + (shortcut_ ? (*shortcut_)(x) : x));
    }

  private:
    std::shared_ptr<ConvBn> conv1_, conv2_, conv3_, shortcut_;
};

struct Parameters {
    std::vector<int> blocks;
    double width;
    int embedding;
    double dropout;
    // The head: one kernel a channel over all places, not one over all channels.
    bool depthwise;
};

class ResNet : public Network {
  public:
    ResNet(const Parameters& p, InputSize input) : dropout_(p.dropout) {
        int channels = scaled(64, p.width);
        stem_ = conv_bn(*this, "conv1", "bn1", conv_options(3, channels, 7, 2, 3), kEps);
        constexpr std::array<int, 4> kInner{64, 128, 256, 512};
        for (std::size_t stage = 0; stage < kInner.size(); ++stage) {
            const auto name = "layer" + std::to_string(stage + 1);
            const auto layer = register_module(name, std::make_shared<torch::nn::Module>(name));
            const int inner = scaled(kInner[stage], p.width);
            for (int i = 0; i < p.blocks[stage]; ++i) {
                blocks_.push_back(layer->register_module(
                    std::to_string(i), std::make_shared<Bottleneck>(
                                           channels, inner, i == 0 && stage > 0 ? 2 : 1, i == 0)));
                channels = inner * kExpansion;
            }
        }
        // Five halvings, each rounded up.
        const auto left = [](int size) { return (size + 31) / 32; };
        const int height = left(input.height), width = left(input.width);
        head_bn_ = register_module("bn_o1", torch::nn::BatchNorm2d(channels));
        if (p.depthwise) {
            global_ =
                conv_bn(*this, "global", "bn_global",
                        conv_options(channels, channels, {height, width}, 1, 0, channels), kEps);
        }
        linear_ = register_module(
            "fc",
            torch::nn::Linear(p.depthwise ? channels : channels * height * width, p.embedding));
        embedding_bn_ = register_module("bn_o2", torch::nn::BatchNorm1d(p.embedding));
    }

    torch::Tensor forward(const torch::Tensor& x) override {
        auto y = torch::max_pool2d(torch::relu((*stem_)(x)), 3, 2, 1);
        for (const auto& block : blocks_) y = block->forward(y);
        y = torch::dropout(head_bn_(y), dropout_, is_training());
        if (global_) y = (*global_)(y);
        return embedding_bn_(linear_(y.flatten(1)));
    }

  private:
    double dropout_;
    std::shared_ptr<ConvBn> stem_, global_;
    std::vector<std::shared_ptr<Bottleneck>> blocks_;
    torch::nn::BatchNorm2d head_bn_{nullptr};
    torch::nn::Linear linear_{nullptr};
    torch::nn::BatchNorm1d embedding_bn_{nullptr};
};

std::vector<int> published_blocks(JsonObject& parameters) {
    switch (const int depth = parameters.integer("depth", 50, 152, 50)) {
        case 50:
            return {3, 4, 6, 3};
        case 101:
            return {3, 4, 23, 3};
        case 152:
            return {3, 8, 36, 3};
        default:
            parameters.fail("there is no ResNet-" + std::to_string(depth) +
                            ": \"depth\" must be 50, 101 or 152");
    }
}

}  // namespace

std::shared_ptr<Network> make_resnet(JsonObject& parameters, InputSize input) {
    const auto published = published_blocks(parameters);
    const auto head = parameters.text("head", "full");
    if (head != "full" && head != "depthwise") {
        parameters.fail(R"("head" must be "full" or "depthwise")");
    }
    return std::make_shared<ResNet>(
        Parameters{parameters.integers("blocks", 4, 1, 64, published),
                   parameters.number("width", 0.1, 4, 1),
                   parameters.integer("embedding", 8, 4096, 512),
                   parameters.number("dropout", 0, 0.9, 0.5), head == "depthwise"},
        input);
}

}  // namespace lowkey::model
