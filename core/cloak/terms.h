// A step's loss and its gradient, term beside term.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace lowkey::cloak {

// A scalar of something that hangs on what is optimised: a crop, the whole picture.
struct Term {
    torch::Tensor input;
    std::function<torch::Tensor(const torch::Tensor& input)> loss;
};

struct Slope {
    std::vector<torch::Tensor> losses;  // in the order of the terms, without a gradient
    torch::Tensor gradient;             // of their sum, shaped like the leaf
};

// On a CPU every term has one thread to itself. A network on a single crop is a chain of small
// operations that two threads hardly speed up; two networks beside each other take half the time.
// The costliest term goes first. Losses must not share what they change.
Slope slope_of(const std::vector<Term>& terms, const torch::Tensor& leaf);

}  // namespace lowkey::cloak
