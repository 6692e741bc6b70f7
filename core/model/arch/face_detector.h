// The face detector of our own packs: plain 3x3 convolutions down to strides 8, 16 and 32, coarse
// features added to finer ones (Lin et al., "Feature Pyramid Networks", CVPR 2017), one head a
// stride. Few channels and no depthwise layers: that is what a processor computes fastest.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "model/arch/block.h"

namespace lowkey::model {

// Channels of a head: the logit of the score, four of the box, ten of the landmarks, as
// face/heads.h has them.
inline constexpr int kHeadChannels = 15;

class FaceDetector : public Block {
  public:
    FaceDetector();
    // RGB in [-1, 1], N x 3 x H x W, sides multiples of 32. Answers at strides 8, 16 and 32:
    // N x 15 x H/stride x W/stride each.
    std::array<torch::Tensor, 3> forward(const torch::Tensor& x);
    // Weights to start training from, drawn from torch's generator: no face anywhere, boxes and
    // landmarks of a common size.
    void initialise();

  private:
    using Units = std::vector<std::shared_ptr<ConvUnit>>;
    std::shared_ptr<ConvUnit> stem_, stem2_;
    std::array<Units, 3> stages_;                    // a strided unit, then pairs with a shortcut
    std::array<std::shared_ptr<ConvUnit>, 2> down_;  // 1x1, from a coarse feature to the next finer
    std::array<std::shared_ptr<ConvUnit>, 3> smooth_;  // before each head
    std::array<torch::nn::Conv2d, 3> heads_{nullptr, nullptr, nullptr};
};

}  // namespace lowkey::model
