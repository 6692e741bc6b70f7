// Inception-ResNet-v1 (Szegedy et al., AAAI 2017) as FaceNet's public implementations use it, with
// the parameter names of facenet-pytorch. Input 160x160, embedding 512.
#include <torch/nn/modules/linear.h>

#include "model/arch/network.h"

namespace lowkey::model {
namespace {

constexpr double kEps = 1e-3;

// Convolution, batch normalisation, ReLU.
class BasicConv : public Block {
  public:
    explicit BasicConv(const torch::nn::Conv2dOptions& options)
        : conv_(conv_bn(*this, "conv", "bn", options, kEps)) {}
    torch::Tensor forward(const torch::Tensor& x) { return torch::relu((*conv_)(x)); }

  private:
    std::shared_ptr<ConvBn> conv_;
};

// A chain of convolutions: one is registered under `name` itself, several as name.0, name.1, ...
class Branch {
  public:
    Branch(torch::nn::Module& parent, const std::string& name,
           const std::vector<torch::nn::Conv2dOptions>& convs) {
        if (convs.size() == 1) {
            convs_.push_back(parent.register_module(name, std::make_shared<BasicConv>(convs[0])));
            return;
        }
        const auto chain = parent.register_module(name, std::make_shared<torch::nn::Module>(name));
        for (const auto& options : convs) {
            convs_.push_back(chain->register_module(std::to_string(convs_.size()),
                                                    std::make_shared<BasicConv>(options)));
        }
    }
    torch::Tensor operator()(torch::Tensor x) const {
        for (const auto& conv : convs_) x = conv->forward(x);
        return x;
    }

  private:
    std::vector<std::shared_ptr<BasicConv>> convs_;
};

using Branches = std::vector<std::vector<torch::nn::Conv2dOptions>>;

// Several branches side by side, concatenated; with `pooled`, a max-pooled copy of the input as
// well.
class Mixed : public torch::nn::Module {
  public:
    Mixed(const Branches& branches, bool pooled) : pooled_(pooled) {
        for (const auto& convs : branches) {
            branches_.emplace_back(*this, "branch" + std::to_string(branches_.size()), convs);
        }
    }
    torch::Tensor forward(const torch::Tensor& x) {
        std::vector<torch::Tensor> parts;
        for (const auto& branch : branches_) parts.push_back(branch(x));
        if (pooled_) parts.push_back(torch::max_pool2d(x, 3, 2));
        return torch::cat(parts, 1);
    }

  private:
    bool pooled_;
    std::vector<Branch> branches_;
};

// x + scale * conv(mixed(x)), then ReLU unless it is the last.
class Residual : public Mixed {
  public:
    Residual(const Branches& branches, int joined, int channels, double scale, bool last = false)
        : Mixed(branches, false), scale_(scale), last_(last) {
        conv_ = register_module("conv2d",
                                torch::nn::Conv2d(torch::nn::Conv2dOptions(joined, channels, 1)));
    }
    torch::Tensor forward(const torch::Tensor& x) {
        const auto y = x + conv_(Mixed::forward(x)) * scale_;
        return last_ ? y : torch::relu(y);
    }

  private:
    double scale_;
    bool last_;
    torch::nn::Conv2d conv_{nullptr};
};

class InceptionResNetV1 : public Network {
  public:
    InceptionResNetV1(double width, int embedding, double dropout) : dropout_(dropout) {
        const auto w = [width](int channels) { return scaled(channels, width); };
        const auto basic = [this](const std::string& name,
                                  const torch::nn::Conv2dOptions& options) {
            return register_module(name, std::make_shared<BasicConv>(options));
        };
        stem_ = {basic("conv2d_1a", conv_options(3, w(32), 3, 2)),
                 basic("conv2d_2a", conv_options(w(32), w(32), 3)),
                 basic("conv2d_2b", conv_options(w(32), w(64), 3, 1, 1)),
                 basic("conv2d_3b", conv_options(w(64), w(80), 1)),
                 basic("conv2d_4a", conv_options(w(80), w(192), 3)),
                 basic("conv2d_4b", conv_options(w(192), w(256), 3, 2))};

        const int a = w(256), inner_a = w(32);
        repeat("repeat_1", 5,
               {{conv_options(a, inner_a, 1)},
                {conv_options(a, inner_a, 1), conv_options(inner_a, inner_a, 3, 1, 1)},
                {conv_options(a, inner_a, 1), conv_options(inner_a, inner_a, 3, 1, 1),
                 conv_options(inner_a, inner_a, 3, 1, 1)}},
               3 * inner_a, a, 0.17, blocks_a_);
        mixed_6a_ = register_module(
            "mixed_6a", std::make_shared<Mixed>(Branches{{conv_options(a, w(384), 3, 2)},
                                                         {conv_options(a, w(192), 1),
                                                          conv_options(w(192), w(192), 3, 1, 1),
                                                          conv_options(w(192), w(256), 3, 2)}},
                                                true));

        const int b = w(384) + w(256) + a, inner_b = w(128);
        repeat("repeat_2", 10,
               {{conv_options(b, inner_b, 1)},
                {conv_options(b, inner_b, 1), conv_options(inner_b, inner_b, {1, 7}, 1, {0, 3}),
                 conv_options(inner_b, inner_b, {7, 1}, 1, {3, 0})}},
               2 * inner_b, b, 0.10, blocks_b_);
        mixed_7a_ = register_module(
            "mixed_7a",
            std::make_shared<Mixed>(
                Branches{{conv_options(b, w(256), 1), conv_options(w(256), w(384), 3, 2)},
                         {conv_options(b, w(256), 1), conv_options(w(256), w(256), 3, 2)},
                         {conv_options(b, w(256), 1), conv_options(w(256), w(256), 3, 1, 1),
                          conv_options(w(256), w(256), 3, 2)}},
                true));

        const int c = w(384) + 2 * w(256) + b, inner_c = w(192);
        const Branches last{
            {conv_options(c, inner_c, 1)},
            {conv_options(c, inner_c, 1), conv_options(inner_c, inner_c, {1, 3}, 1, {0, 1}),
             conv_options(inner_c, inner_c, {3, 1}, 1, {1, 0})}};
        repeat("repeat_3", 5, last, 2 * inner_c, c, 0.20, blocks_c_);
        blocks_c_.push_back(
            register_module("block8", std::make_shared<Residual>(last, 2 * inner_c, c, 1.0, true)));

        linear_ = register_module(
            "last_linear", torch::nn::Linear(torch::nn::LinearOptions(c, embedding).bias(false)));
        bn_ = register_module(
            "last_bn", torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(embedding).eps(kEps)));
    }

    torch::Tensor forward(const torch::Tensor& x) override {
        auto y = x;
        for (std::size_t i = 0; i < stem_.size(); ++i) {
            y = stem_[i]->forward(y);
            if (i == 2) y = torch::max_pool2d(y, 3, 2);
        }
        for (const auto& block : blocks_a_) y = block->forward(y);
        y = mixed_6a_->forward(y);
        for (const auto& block : blocks_b_) y = block->forward(y);
        y = mixed_7a_->forward(y);
        for (const auto& block : blocks_c_) y = block->forward(y);
        y = torch::dropout(y.mean({2, 3}), dropout_, is_training());
        return bn_(linear_(y));
    }

  private:
    using Blocks = std::vector<std::shared_ptr<Residual>>;

    void repeat(const std::string& name, int count, const Branches& branches, int joined,
                int channels, double scale, Blocks& blocks) {
        const auto chain = register_module(name, std::make_shared<torch::nn::Module>(name));
        for (int i = 0; i < count; ++i) {
            blocks.push_back(chain->register_module(
                std::to_string(i), std::make_shared<Residual>(branches, joined, channels, scale)));
        }
    }

    double dropout_;
    std::vector<std::shared_ptr<BasicConv>> stem_;
    Blocks blocks_a_, blocks_b_, blocks_c_;
    std::shared_ptr<Mixed> mixed_6a_, mixed_7a_;
    torch::nn::Linear linear_{nullptr};
    torch::nn::BatchNorm1d bn_{nullptr};
};

}  // namespace

std::shared_ptr<Network> make_inception_resnet_v1(JsonObject& parameters, InputSize input) {
    // Valid convolutions and four halvings leave nothing of a smaller input.
    if (input.width < 80 || input.height < 80) {
        parameters.fail("inception_resnet_v1 needs an input of at least 80x80");
    }
    return std::make_shared<InceptionResNetV1>(parameters.number("width", 0.1, 2, 1),
                                               parameters.integer("embedding", 8, 4096, 512),
                                               parameters.number("dropout", 0, 0.9, 0.6));
}

}  // namespace lowkey::model
