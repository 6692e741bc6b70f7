// What a perceptual student is told besides the distances: in which direction of feature space its
// teacher's pictures differ. Distances alone can be met by features whose gradient in the pixels is
// at right angles to the teacher's, and a cloak follows the gradient.
#pragma once

#include <torch/nn/module.h>

#include <vector>

#include "model/lpips_network.h"

namespace lowkey::train {

// Pictures N x 3 x H x W in [0, 1], each beside its changed form. Groups of rows that share a
// picture are given once: row i of `changed` belongs to row i * clean.size(0) / changed.size(0) of
// `clean`.
struct Pairs {
    torch::Tensor clean, changed;
};

// Features of the changed pictures and what these have more than the clean ones', N x C x h x w for
// each grid of a network, finest first, in the scale in which LPIPS squares and adds the
// differences; the layers of one grid are put together, so that networks of different depth on the
// same grids can be compared.
struct Seen {
    std::vector<torch::Tensor> changed, differences;
};
Seen look(model::LpipsNetwork& network, const Pairs& pairs);

// Linear maps of the student's features to the teacher's, one a grid: learnt beside the student and
// thrown away (FitNets, Romero et al., ICLR 2015).
class Hints : public torch::nn::Module {
  public:
    // What both networks see of the same pairs, whose channels the maps take.
    Hints(const Seen& student, const Seen& teacher);
    // Shares, 0 to about 1, of the teacher's squares that the maps leave unexplained: of its
    // differences, N, ...
    torch::Tensor unexplained_differences(const Seen& student, const Seen& teacher);
    // ... and of the features of the changed pictures about their mean, a scalar.
    torch::Tensor unexplained_features(const Seen& student, const Seen& teacher);

  private:
    std::vector<torch::Tensor> maps_;
};

}  // namespace lowkey::train
