// The second look at each face that the detector found: is it one, and where exactly? A small
// convolutional network on one face at a time.
#pragma once

#include <torch/nn/modules/linear.h>

#include <memory>
#include <vector>

#include "model/arch/block.h"

namespace lowkey::model {

// A square picture's side in pixels, and the values of an answer: the logit of the score, four of
// the box, ten of the landmarks, as face/close_up.h has them.
inline constexpr int kCloseUpSide = 64, kCloseUpValues = 15;

class CloseUpNetwork : public Block {
  public:
    CloseUpNetwork();
    // RGB in [-1, 1], N x 3 x 64 x 64. Answers N x 15.
    torch::Tensor forward(const torch::Tensor& x);
    // Weights to start training from, drawn from torch's generator: landmarks at their usual
    // places.
    void initialise();

  private:
    std::shared_ptr<ConvUnit> stem_;
    std::vector<std::vector<std::shared_ptr<ConvUnit>>> stages_;  // strided, then with a shortcut
    torch::nn::Linear hidden_{nullptr}, answer_{nullptr};
};

}  // namespace lowkey::model
