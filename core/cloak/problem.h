// One face ready to be optimised: everything the optimisers share.
#pragma once

#include <torch/types.h>

#include <functional>
#include <opencv2/core.hpp>
#include <vector>

#include "cloak/banded.h"
#include "cloak/ensemble.h"
#include "cloak/strength.h"
#include "model/lpips.h"

namespace lowkey::cloak {

// The perturbation is optimised as coefficients, one node a working pixel. At photo scale it is
// their cubic B-spline, of which the working picture sees the block means; with factor 1 it is
// themselves.
class Problem {
  public:
    struct Parts {
        torch::Tensor picture;    // 1 x 3 x H x W, RGB in [0, 1]: what the perturbation is added to
        torch::Tensor reference;  // the clean picture, same shape; usually the same pixels
        torch::Tensor cover;      // 1 x 1 x H x W in [0, 1]
        cv::Matx23d template_to_picture;
        cv::Rect box;  // face box
        int factor = 1;
        bool grey = false;  // one coefficient a pixel instead of three
    };
    Problem(Parts parts, const Ensemble& ensemble, model::Perceptual* perceptual);

    const Parts& parts() const { return parts_; }
    const Ensemble& ensemble() const { return *ensemble_; }
    // Null where the pack has none: the term is then left out.
    model::Perceptual* perceptual() const { return perceptual_; }

    // Uniform noise in +-amplitude, from its own generator.
    torch::Tensor start(double amplitude, uint64_t seed) const;
    // Clamps coefficients to +-epsilon and to what keeps the picture in [0, 1]; in place.
    void project(torch::Tensor& coefficients, double epsilon) const;
    // The picture with the perturbation, in [0, 1]; differentiable.
    torch::Tensor perturbed(const torch::Tensor& coefficients) const;

  private:
    Parts parts_;
    const Ensemble* ensemble_;
    model::Perceptual* perceptual_;
    Banded rows_, columns_;  // splines, undefined with factor 1
    torch::Tensor lowest_, highest_;
};

// What an optimiser shows after each step, for progress and tests.
struct Step {
    int index = 0;  // from 1
    double objective = 0;
    const torch::Tensor& coefficients;
};
// Returning false stops the optimiser, which then throws Error(cancelled).
using Observer = std::function<bool(const Step&)>;

// Both return the perturbation's coefficients.

// The published recipe: signed gradient ascent on the whole objective, fixed alpha, fixed steps.
torch::Tensor ascend_published(const Problem& problem, const Recipe& recipe, uint64_t seed,
                               const Observer& observer);

// Adam on the embeddings' distance over random views; DSSIM, LPIPS and chroma each held at their
// budget by an adaptive weight. The perturbation keeps every budget.
torch::Tensor ascend_budgeted(const Problem& problem, const Recipe& recipe, uint64_t seed,
                              const Observer& observer);

}  // namespace lowkey::cloak
