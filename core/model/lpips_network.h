// The network under LPIPS, as a module that can be trained, and the distance on top of it.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include <memory>
#include <string>
#include <vector>

#include "model/lpips.h"

namespace lowkey::model {

// Shorter sides are enlarged (bilinear) to this before the backbone, whose pooling would otherwise
// leave nothing; LPIPS of tiny faces is therefore that of the enlarged face.
inline constexpr int kMinPerceptualSide = 32;

// Parameters are named as torchvision names the backbone's ("features.0.weight", ...); the linear
// layers, one weight a channel of each tapped layer, are "lin0.weight", ... of shape 1 x C x 1 x 1,
// or in "lowkey" linear maps of shape K x C x 1 x 1, K > 1, after which all channels count alike.
class LpipsNetwork : public torch::nn::Module {
  public:
    // `backbone`: "squeeze" (SqueezeNet 1.1), "alex", "vgg" (VGG-16) or our own "lowkey"; `width`
    // scales its channels.
    LpipsNetwork(const std::string& backbone, double width);

    // Pictures N x 3 x H x W in [0, 1]; the tapped features, each of unit length over its channels
    // (in "lowkey" then mapped).
    std::vector<torch::Tensor> features(const torch::Tensor& pictures);
    // The same in the scale in which the squares of their differences add up to the distance: an
    // unmapped layer's times the roots of its weights.
    std::vector<torch::Tensor> scaled_features(const torch::Tensor& pictures);
    // What distance() averages, N x h x w for each tapped layer: where the pictures differ.
    std::vector<torch::Tensor> maps(const std::vector<torch::Tensor>& a,
                                    const std::vector<torch::Tensor>& b);
    // N distances between two results of features(); one picture may stand against many.
    torch::Tensor distance(const std::vector<torch::Tensor>& a,
                           const std::vector<torch::Tensor>& b);

  private:
    struct Step;
    torch::Tensor run(const Step& step, const torch::Tensor& x);

    std::vector<std::shared_ptr<Step>> steps_;
    std::vector<torch::Tensor> linear_;
    torch::Tensor shift_, scale_;
};

// Distances are the network's times `factor`.
std::unique_ptr<Perceptual> make_perceptual(std::shared_ptr<LpipsNetwork> network,
                                            double factor = 1);

}  // namespace lowkey::model
