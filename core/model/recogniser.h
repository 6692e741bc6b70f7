// A face recogniser of a pack, ready to differentiate through.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>

#include "face/alignment.h"

namespace lowkey::model {

// Each row at L2 norm 1. N x D.
inline torch::Tensor unit_length(const torch::Tensor& embeddings) {
    return embeddings / embeddings.norm(2, {1}, true).clamp_min(1e-12);
}

class Recogniser {
  public:
    virtual ~Recogniser() = default;
    const std::string& name() const { return name_; }
    const face::CropGeometry& crop() const { return crop_; }
    // The optimiser under budgets looks through it once in so many steps, at least 1.
    int period() const { return period_; }
    // crops: N x 3 x crop().height x crop().width, RGB in [0, 1], float32 (or the network's dtype).
    // Returns N x D embeddings of unit L2 norm. Differentiable with respect to the crops only.
    virtual torch::Tensor embed(const torch::Tensor& crops) = 0;

  protected:
    std::string name_;
    face::CropGeometry crop_;
    int period_ = 1;
};

}  // namespace lowkey::model
