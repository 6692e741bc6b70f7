// Vision transformer (Dosovitskiy et al., ICLR 2021) as a recogniser: pre-norm blocks, the mean
// over all patches in place of a class token; optionally a convolutional stem (Xiao et al., NeurIPS
// 2021), which trains far better on few pictures.
#include <torch/nn/init.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <cmath>

#include "model/arch/network.h"

namespace lowkey::model {
namespace {

torch::nn::LayerNorm layer_norm(int width) {
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(1e-6));
}

class TransformerBlock : public torch::nn::Module {
  public:
    TransformerBlock(int width, int heads, int inner) : heads_(heads) {
        norm1_ = register_module("norm1", layer_norm(width));
        qkv_ = register_module("qkv", torch::nn::Linear(width, 3 * width));
        out_ = register_module("out", torch::nn::Linear(width, width));
        norm2_ = register_module("norm2", layer_norm(width));
        up_ = register_module("up", torch::nn::Linear(width, inner));
        down_ = register_module("down", torch::nn::Linear(inner, width));
    }

    torch::Tensor forward(const torch::Tensor& x) {
        const auto y = x + attention(norm1_(x));
        return y + down_(torch::gelu(up_(norm2_(y))));
    }

  private:
    torch::Tensor attention(const torch::Tensor& x) {
        const auto n = x.size(0), tokens = x.size(1), width = x.size(2);
        // 3 x N x heads x tokens x width/heads
        const auto qkv =
            qkv_(x).view({n, tokens, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4});
        const auto scale = 1 / std::sqrt(static_cast<double>(width) / heads_);
        const auto weights = torch::matmul(qkv[0] * scale, qkv[1].transpose(-2, -1)).softmax(-1);
        return out_(torch::matmul(weights, qkv[2]).transpose(1, 2).reshape({n, tokens, width}));
    }

    int heads_;
    torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr};
    torch::nn::Linear qkv_{nullptr}, out_{nullptr}, up_{nullptr}, down_{nullptr};
};

struct Parameters {
    int patch, width, depth, heads, mlp, embedding;
    bool convolutional;
};

class Vit : public Network {
  public:
    Vit(const Parameters& p, InputSize input) {
        int channels = 3;
        if (p.convolutional) {
            // Halvings down to the patch grid, ending at half the width.
            const auto stem = register_module("stem", std::make_shared<torch::nn::Module>("stem"));
            int index = 0;
            for (int left = p.patch; left > 1; left /= 2) {
                const int next = scaled(p.width, 1.0 / left);
                const auto name = std::to_string(index++);
                const auto unit =
                    stem->register_module(name, std::make_shared<torch::nn::Module>(name));
                stem_.push_back(
                    conv_bn(*unit, "conv", "bn", conv_options(channels, next, 3, 2, 1), 1e-5));
                channels = next;
            }
        }
        const int step = p.convolutional ? 1 : p.patch;
        patches_ = register_module(
            "patches",
            torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, p.width, step).stride(step)));
        const int tokens = (input.height / p.patch) * (input.width / p.patch);
        position_ = register_parameter("position", torch::zeros({1, tokens, p.width}));
        torch::nn::init::normal_(position_, 0, 0.02);
        const auto blocks =
            register_module("blocks", std::make_shared<torch::nn::Module>("blocks"));
        for (int i = 0; i < p.depth; ++i) {
            blocks_.push_back(blocks->register_module(
                std::to_string(i),
                std::make_shared<TransformerBlock>(p.width, p.heads, p.width * p.mlp)));
        }
        norm_ = register_module("norm", layer_norm(p.width));
        embedding_ = register_module(
            "embedding",
            torch::nn::Linear(torch::nn::LinearOptions(p.width, p.embedding).bias(false)));
        embedding_bn_ = register_module("embedding_bn", torch::nn::BatchNorm1d(p.embedding));
    }

    torch::Tensor forward(const torch::Tensor& x) override {
        auto y = x;
        for (const auto& conv : stem_) y = torch::gelu((*conv)(y));
        y = patches_(y).flatten(2).transpose(1, 2) + position_;
        for (const auto& block : blocks_) y = block->forward(y);
        return embedding_bn_(embedding_(norm_(y).mean(1)));
    }

  private:
    std::vector<std::shared_ptr<ConvBn>> stem_;
    torch::nn::Conv2d patches_{nullptr};
    torch::Tensor position_;
    std::vector<std::shared_ptr<TransformerBlock>> blocks_;
    torch::nn::LayerNorm norm_{nullptr};
    torch::nn::Linear embedding_{nullptr};
    torch::nn::BatchNorm1d embedding_bn_{nullptr};
};

}  // namespace

std::shared_ptr<Network> make_vit(JsonObject& parameters, InputSize input) {
    Parameters p{};
    p.patch = parameters.integer("patch", 4, 64, 16);
    p.width = parameters.integer("width", 16, 1024, 192);
    p.depth = parameters.integer("depth", 1, 32, 6);
    p.heads = parameters.integer("heads", 1, 32, 3);
    p.mlp = parameters.integer("mlp", 1, 8, 4);
    p.embedding = parameters.integer("embedding", 8, 4096, 256);
    const auto stem = parameters.text("stem", "patch");
    if (stem != "patch" && stem != "conv") parameters.fail(R"("stem" must be "patch" or "conv")");
    p.convolutional = stem == "conv";
    if (p.width % p.heads != 0) parameters.fail("\"width\" must be a multiple of \"heads\"");
    if (input.width % p.patch != 0 || input.height % p.patch != 0) {
        parameters.fail("the input's width and height must be multiples of \"patch\"");
    }
    if (p.convolutional && (p.patch & (p.patch - 1)) != 0) {
        parameters.fail("\"patch\" must be a power of two where \"stem\" is \"conv\"");
    }
    return std::make_shared<Vit>(p, input);
}

}  // namespace lowkey::model
