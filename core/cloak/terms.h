// A step's loss and its gradient, term by term.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace lowkey::cloak {

// A scalar of something that hangs on what is optimised.
struct Term {
    // Of a network on a crop two threads hardly speed up the small operations; of a measure of the
    // whole picture each operation is large enough for all threads.
    enum class Operations { small, large };
    Operations operations = Operations::small;
    torch::Tensor input;
    std::function<torch::Tensor(const torch::Tensor& input)> loss;
};

struct LossGradient {
    std::vector<torch::Tensor> losses;  // in the order of the terms, without a gradient
    torch::Tensor gradient;             // of their sum, shaped like the leaf
};

// On a CPU terms are computed beside each other, with one thread each, those of large operations
// only where no thread would be idle. The costliest goes first, so that nobody waits for it in the
// end. Losses must not share what they change.
LossGradient loss_gradient(const std::vector<Term>& terms, const torch::Tensor& leaf);

}  // namespace lowkey::cloak
