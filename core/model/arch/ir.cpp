// IR-50, IR-100, IR-152: the improved residual nets of ArcFace (Deng et al., CVPR 2019), with the
// parameter names of face.evoLVe, whose IR-152 the published LowKey ensemble uses.
#include <torch/nn/modules/linear.h>

#include <array>

#include "model/arch/network.h"
#include "model/arch/prelu.h"

namespace lowkey::model {
namespace {

constexpr double kEps = 1e-5;

// Children named as the members of the published torch.nn.Sequential.
std::shared_ptr<torch::nn::Module> container(torch::nn::Module& parent, const std::string& name) {
    return parent.register_module(name, std::make_shared<torch::nn::Module>(name));
}

torch::nn::PReLU prelu_of(int channels) {
    return torch::nn::PReLU(torch::nn::PReLUOptions().num_parameters(channels));
}

class IrBlock : public Block {
  public:
    IrBlock(int in, int out, int stride) : stride_(stride) {
        if (in != out) {
            auto shortcut = container(*this, "shortcut_layer");
            shortcut_ = conv_bn(*shortcut, "0", "1", conv_options(in, out, 1, stride), kEps);
        }
        auto residual = container(*this, "res_layer");
        // Zero padding follows this normalisation, so it cannot be merged with the convolution.
        bn_ = residual->register_module("0", torch::nn::BatchNorm2d(in));
        conv_ = residual->register_module("1", torch::nn::Conv2d(conv_options(in, out, 3, 1, 1)));
        prelu_ = residual->register_module("2", prelu_of(out));
        last_ = conv_bn(*residual, "3", "4", conv_options(out, out, 3, stride, 1), kEps);
    }

    torch::Tensor forward(const torch::Tensor& x) {
        auto y = (*last_)(parametric_relu(conv_(bn_(x)), prelu_->weight));
        if (shortcut_) return y + (*shortcut_)(x);
        return y + (stride_ == 1 ? x : torch::max_pool2d(x, 1, stride_));
    }

  private:
    int stride_;
    std::shared_ptr<ConvBn> shortcut_, last_;
    torch::nn::BatchNorm2d bn_{nullptr};
    torch::nn::Conv2d conv_{nullptr};
    torch::nn::PReLU prelu_{nullptr};
};

struct Parameters {
    std::vector<int> blocks;
    double width;
    int embedding;
    double dropout;
};

class Ir : public Network {
  public:
    Ir(const Parameters& p, InputSize input) : dropout_(p.dropout) {
        int channels = scaled(64, p.width), index = 0;
        auto stem = container(*this, "input_layer");
        stem_ = conv_bn(*stem, "0", "1", conv_options(3, channels, 3, 1, 1), kEps);
        prelu_ = stem->register_module("2", prelu_of(channels));
        auto body = container(*this, "body");
        constexpr std::array<int, 4> kChannels{64, 128, 256, 512};
        for (std::size_t stage = 0; stage < kChannels.size(); ++stage) {
            const int next = scaled(kChannels[stage], p.width);
            for (int i = 0; i < p.blocks[stage]; ++i) {
                blocks_.push_back(body->register_module(
                    std::to_string(index++),
                    std::make_shared<IrBlock>(channels, next, i == 0 ? 2 : 1)));
                channels = next;
            }
        }
        // Four halvings, each rounded up.
        const auto left = [](int size) { return (size + 15) / 16; };
        auto head = container(*this, "output_layer");
        head_bn_ = head->register_module("0", torch::nn::BatchNorm2d(channels));
        linear_ = head->register_module(
            "3", torch::nn::Linear(channels * left(input.height) * left(input.width), p.embedding));
        embedding_bn_ = head->register_module("4", torch::nn::BatchNorm1d(p.embedding));
    }

    torch::Tensor forward(const torch::Tensor& x) override {
        auto y = parametric_relu((*stem_)(x), prelu_->weight);
        for (const auto& block : blocks_) y = block->forward(y);
        y = torch::dropout(head_bn_(y), dropout_, is_training());
        return embedding_bn_(linear_(y.flatten(1)));
    }

  private:
    double dropout_;
    std::shared_ptr<ConvBn> stem_;
    torch::nn::PReLU prelu_{nullptr};
    std::vector<std::shared_ptr<IrBlock>> blocks_;
    torch::nn::BatchNorm2d head_bn_{nullptr};
    torch::nn::Linear linear_{nullptr};
    torch::nn::BatchNorm1d embedding_bn_{nullptr};
};

std::vector<int> published_blocks(JsonObject& parameters) {
    switch (const int depth = parameters.integer("depth", 18, 152, 50)) {
        case 18:
            return {2, 2, 2, 2};
        case 34:
            return {3, 4, 6, 3};
        case 50:
            return {3, 4, 14, 3};
        case 100:
            return {3, 13, 30, 3};
        case 152:
            return {3, 8, 36, 3};
        default:
            parameters.fail("there is no IR-" + std::to_string(depth) +
                            ": \"depth\" must be 18, 34, 50, 100 or 152");
    }
}

}  // namespace

std::shared_ptr<Network> make_ir(JsonObject& parameters, InputSize input) {
    const auto published = published_blocks(parameters);
    return std::make_shared<Ir>(Parameters{parameters.integers("blocks", 4, 1, 64, published),
                                           parameters.number("width", 0.1, 4, 1),
                                           parameters.integer("embedding", 8, 4096, 512),
                                           parameters.number("dropout", 0, 0.9, 0.5)},
                                input);
}

}  // namespace lowkey::model
