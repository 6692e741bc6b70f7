// Expand, filter each channel, project: the residual block that both mobile face networks are made
// of (Sandler et al., "MobileNetV2", CVPR 2018).
#pragma once

#include <memory>

#include "model/arch/block.h"

namespace lowkey::model {

class DepthwiseBlock : public Block {
  public:
    DepthwiseBlock(int in, int inner, int out, int stride, Activation activation, double eps)
        : residual_(stride == 1) {
        const auto unit = [&](const char* name, const torch::nn::Conv2dOptions& options,
                              Activation after) {
            return register_module(name, std::make_shared<ConvUnit>(options, after, eps));
        };
        expand_ = unit("expand", conv_options(in, inner, 1), activation);
        depthwise_ = unit("depthwise", conv_options(inner, inner, 3, stride, 1, inner), activation);
        project_ = unit("project", conv_options(inner, out, 1), Activation::none);
    }

    torch::Tensor forward(const torch::Tensor& x) {
        auto y = project_->forward(depthwise_->forward(expand_->forward(x)));
        return residual_ ? x + y : y;
    }

  private:
    bool residual_;
    std::shared_ptr<ConvUnit> expand_, depthwise_, project_;
};

}  // namespace lowkey::model
