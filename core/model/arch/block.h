// Parts that the face networks share.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <memory>
#include <string>
#include <vector>

namespace lowkey::model {

// A convolution and the batch normalisation after it; one convolution once folded.
struct ConvBn {
    torch::nn::Conv2d conv{nullptr};
    torch::nn::BatchNorm2d bn{nullptr};  // empty once folded
    torch::Tensor operator()(const torch::Tensor& x) const;
};

// A module whose convolutions can be merged with their batch normalisation.
class Block : public torch::nn::Module {
  public:
    using torch::nn::Module::Module;
    // Exact in eval mode, and for inference only: the statistics are gone afterwards.
    void fold();

  protected:
    // Registers both in `parent` (this block, or a plain container inside it) under the given
    // names.
    std::shared_ptr<ConvBn> conv_bn(torch::nn::Module& parent, const std::string& conv,
                                    const std::string& bn, const torch::nn::Conv2dOptions& options,
                                    double eps);

  private:
    struct Pair {
        torch::nn::Module* parent;  // owns both modules, and is owned by this block
        std::string conv, bn;
        torch::nn::Conv2dOptions options;
        std::shared_ptr<ConvBn> modules;
    };
    std::vector<Pair> pairs_;
};

enum class Activation { none, prelu, relu, relu6 };

// Convolution, batch normalisation, activation: children "conv", "bn" and, for prelu, "prelu".
class ConvUnit : public Block {
  public:
    ConvUnit(const torch::nn::Conv2dOptions& options, Activation activation, double eps);
    torch::Tensor forward(const torch::Tensor& x);

  private:
    std::shared_ptr<ConvBn> conv_;
    torch::nn::PReLU prelu_{nullptr};
    Activation activation_;
};

// Kernel k, stride s, padding p, no bias.
torch::nn::Conv2dOptions conv_options(int in, int out, torch::ExpandingArray<2> kernel,
                                      int stride = 1, torch::ExpandingArray<2> padding = 0,
                                      int groups = 1);

// `channels` times `width`, rounded to a multiple of 8, at least 8.
int scaled(int channels, double width);

}  // namespace lowkey::model
