// The networks that students learn from, and the embedding geometry that each student is given.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "model/pack.h"
#include "train/precision.h"

namespace lowkey::train {

// The part of 112x112 crops that a recogniser looks at. Throws Error(pack) if it is not fed at the
// template's scale. pictures: B x 3 x 112 x 112.
torch::Tensor crop_for(const model::Recogniser& recogniser, const torch::Tensor& pictures);

// Unit embeddings of every recogniser of the pack, in its order. pictures: B x 3 x 112 x 112 in [0,
// 1].
std::vector<torch::Tensor> teach(model::Pack& teachers, const torch::Tensor& pictures,
                                 Precision precision);

// Teachers' embeddings side by side, weighted and rotated into `dimensions` (the main directions of
// the embeddings given, not centred), so that cosines of targets are the weighted mean of the
// teachers' cosines.
class Target {
  public:
    // names: of the teachers. seen: their embeddings of many views. weights: a teacher's share by
    // name; teachers not named are left out.
    Target(const std::vector<std::string>& names, const std::vector<torch::Tensor>& seen,
           const std::map<std::string, double>& weights, int64_t dimensions);
    // Turns to the directions that a student which has learnt already follows best (orthogonal
    // Procrustes). embeddings: what it makes of the views whose teachers' embeddings are `seen`,
    // N x dimensions.
    void turn_to(const std::vector<torch::Tensor>& seen, const torch::Tensor& embeddings);
    // One column a dimension; for checkpoints.
    const torch::Tensor& directions() const { return directions_; }
    void restore(const torch::Tensor& directions) { directions_ = directions; }
    // B x dimensions of unit length.
    torch::Tensor operator()(const std::vector<torch::Tensor>& embeddings) const;

  private:
    torch::Tensor join(const std::vector<torch::Tensor>& embeddings) const;
    std::vector<double> shares_;  // square roots of the weights, 0 where left out
    torch::Tensor directions_;
};

}  // namespace lowkey::train
