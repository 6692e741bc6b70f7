// LPIPS (Zhang et al., CVPR 2018), v0.1, with the SqueezeNet 1.1, AlexNet or VGG-16 backbone.
#pragma once

#include <torch/types.h>

#include <vector>

namespace lowkey::model {

class Perceptual {
  public:
    virtual ~Perceptual() = default;
    // Pictures N x 3 x H x W, RGB in [0, 1]; returns N distances >= 0, differentiable in both.
    // From 16 x 16 pixels up; sides under 32 are enlarged first.
    // `a` is usually the fixed clean picture: see prepare().
    virtual torch::Tensor distance(const torch::Tensor& a, const torch::Tensor& b) = 0;
    // The part of distance() that depends on the clean picture alone, to be computed once.
    virtual std::vector<torch::Tensor> prepare(const torch::Tensor& clean) = 0;
    virtual torch::Tensor distance_to(const std::vector<torch::Tensor>& prepared,
                                      const torch::Tensor& b) = 0;
};

}  // namespace lowkey::model
