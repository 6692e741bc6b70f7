#include <torch/autograd.h>

#include "cloak/objective.h"
#include "cloak/problem.h"
#include "face/alignment.h"
#include "lowkey/error.h"

namespace lowkey::cloak {
namespace {

// LPIPS, half on the template crop and half on the face's region.
class PublishedPerceptual {
  public:
    explicit PublishedPerceptual(const Problem& problem) : problem_(problem) {
        if (problem.perceptual() == nullptr) return;
        const torch::NoGradGuard no_gradient;
        const torch::Tensor& clean = problem.parts().reference;
        crop_ = problem.perceptual()->prepare(crop(clean));
        region_ = problem.perceptual()->prepare(clean);
    }
    torch::Tensor distance(const torch::Tensor& picture) const {
        if (problem_.perceptual() == nullptr) return torch::zeros({}, picture.options());
        model::Perceptual& perceptual = *problem_.perceptual();
        return 0.5 * (perceptual.distance_to(crop_, crop(picture)).mean() +
                      perceptual.distance_to(region_, picture).mean());
    }

  private:
    torch::Tensor crop(const torch::Tensor& picture) const {
        return face::warp(picture, problem_.parts().template_to_picture, face::kTemplateSize,
                          face::kTemplateSize);
    }
    const Problem& problem_;
    std::vector<torch::Tensor> crop_, region_;
};

}  // namespace

torch::Tensor ascend_published(const Problem& problem, const Recipe& recipe, uint64_t seed,
                               const Observer& observer) {
    const Problem::Parts& parts = problem.parts();
    const std::vector<torch::Tensor> reference =
        published_reference(problem.ensemble(), parts.reference, parts.template_to_picture);
    const PublishedPerceptual perceptual(problem);
    torch::Tensor coefficients = problem.start(recipe.start, seed);
    problem.project(coefficients, recipe.epsilon);
    for (int i = 1; i <= recipe.iterations; ++i) {
        coefficients.requires_grad_(true);
        const torch::Tensor picture = problem.perturbed(coefficients);
        const torch::Tensor objective =
            published_distance(problem.ensemble(), reference, picture, parts.template_to_picture) -
            recipe.alpha * perceptual.distance(picture);
        const torch::Tensor gradient = torch::autograd::grad({objective}, {coefficients}).front();
        coefficients = coefficients.detach() + recipe.step * gradient.sign();
        problem.project(coefficients, recipe.epsilon);
        if (!observer({i, objective.item<double>(), coefficients})) {
            throw Error(ErrorKind::cancelled, "Cancelled; the picture is unchanged.");
        }
    }
    return coefficients;
}

}  // namespace lowkey::cloak
