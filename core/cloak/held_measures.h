// DSSIM, LPIPS and chroma of a cloak in the making, each held at its budget by a weight.
#pragma once

#include <torch/types.h>

#include <vector>

#include "cloak/budget.h"
#include "cloak/problem.h"
#include "cloak/quality.h"
#include "cloak/strength.h"
#include "cloak/views.h"

namespace lowkey::cloak {

// Where the perceptual network's grid begins.
struct GridOffset {
    int64_t y = 0, x = 0;
};

// A cloak grows into what a network misses between the nodes of its grid, so the grid moves from
// step to step. docs/results.md has what that does to LPIPS.
GridOffset random_offset(Random& random, const torch::Tensor& picture);

// DSSIM and chroma are measured in the face box and around it: a budget for the box alone would
// drive the perturbation out of it. What the cloak of an overlapping face did before is not
// charged to this one: it could use up the budgets and leave no cloak.
class HeldMeasures {
  public:
    HeldMeasures(const Problem& problem, const Budgets& budgets);

    // Weighted sum of DSSIM and chroma over their budgets; scalar, differentiable.
    torch::Tensor pixels(const torch::Tensor& picture);
    // The same of LPIPS, which needs a perceptual network. May run beside pixels().
    torch::Tensor lpips(const torch::Tensor& picture, GridOffset offset);
    // Adapts the weights to what was measured since the last time.
    void adapt();

    // The largest scale of the perturbation, at most 1, that keeps every budget.
    double feasible_scale(const torch::Tensor& coefficients) const;

  private:
    // Of one kind: what was measured last, and its weights.
    struct Kind {
        std::vector<BudgetWeight> weights;
        std::vector<torch::Tensor> values;

        torch::Tensor weighted(const std::vector<torch::Tensor>& measured);
        void adapt();
        bool keeps(const std::vector<torch::Tensor>& measured) const;
    };

    // What LPIPS needs of the picture without the perturbation.
    std::vector<torch::Tensor> clean_features(GridOffset offset) const;
    std::vector<torch::Tensor> measured_pixels(const torch::Tensor& picture) const;
    std::vector<torch::Tensor> measured_lpips(const std::vector<torch::Tensor>& clean,
                                              const torch::Tensor& picture,
                                              GridOffset offset) const;

    const Problem& problem_;
    SsimReference ssim_;
    ChromaMeasure face_chroma_, region_chroma_;
    Kind pixels_, lpips_;
};

}  // namespace lowkey::cloak
