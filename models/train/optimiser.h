// AdamW (Loshchilov & Hutter, ICLR 2019), and Muon (Jordan et al., 2024) for the matrices of a
// network that is to have it. Their state is plain tensors, so that checkpoints are safetensors.
#pragma once

#include <torch/nn/module.h>

#include "model/safetensors.h"
#include "train/precision.h"

namespace lowkey::train {

// What moves a network's matrices; a kernel is one, with a row for each channel that it gives.
enum class Matrices { adamw, muon };

// An orthogonal matrix near the direction of `matrix`: its singular values brought to about 1, by
// five steps of Newton and Schulz with Jordan's coefficients. R x C, not zero.
torch::Tensor orthogonal(const torch::Tensor& matrix);

class Optimiser {
  public:
    // precision: of Muon's matrix products.
    explicit Optimiser(torch::nn::Module& network, Matrices matrices = Matrices::adamw,
                       Precision precision = Precision::float32);
    // One descent step from the parameters' gradients, which are cleared. Muon's steps have the
    // mean square of AdamW's (Liu et al., "Muon is scalable for LLM training", 2025): one rate
    // serves both.
    void step(double rate);
    // Moments by parameter name, prefixed "first." and "second.", and "steps".
    model::Tensors state() const;
    void restore(const model::Tensors& state);

  private:
    struct Slot {
        std::string name;
        torch::Tensor values, first, second;
        bool muon;
    };
    std::vector<Slot> slots_;
    Precision precision_;
    int64_t steps_ = 0;
};

}  // namespace lowkey::train
