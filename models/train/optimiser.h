// AdamW (Loshchilov & Hutter, ICLR 2019) whose state is plain tensors, so that checkpoints are
// safetensors.
#pragma once

#include <torch/nn/module.h>

#include "model/safetensors.h"

namespace lowkey::train {

class AdamW {
  public:
    explicit AdamW(torch::nn::Module& network);
    // One descent step from the parameters' gradients, which are cleared.
    void step(double rate);
    // Moments by parameter name, prefixed "first." and "second.", and "steps".
    model::Tensors state() const;
    void restore(const model::Tensors& state);

  private:
    struct Slot {
        std::string name;
        torch::Tensor values, first, second;
    };
    std::vector<Slot> slots_;
    int64_t steps_ = 0;
};

}  // namespace lowkey::train
