#include "cloak/objective.h"
#include "cloak/problem.h"
#include "cloak/terms.h"
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
    // The costlier one first; none without a perceptual network.
    std::vector<Term> terms(const torch::Tensor& picture, double alpha) const {
        model::Perceptual* perceptual = problem_.perceptual();
        if (perceptual == nullptr) return {};
        const auto half = [perceptual, alpha](const std::vector<torch::Tensor>& clean) {
            return [perceptual, alpha, &clean](const torch::Tensor& seen) {
                return 0.5 * alpha * perceptual->distance_to(clean, seen).mean();
            };
        };
        return {{Term::Operations::large, picture, half(region_)},
                {Term::Operations::small, crop(picture), half(crop_)}};
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
    const Ensemble& ensemble = problem.ensemble();
    const std::vector<torch::Tensor> reference =
        published_reference(ensemble, parts.reference, parts.template_to_picture);
    const PublishedPerceptual perceptual(problem);
    torch::Tensor coefficients = problem.start(recipe.start, seed);
    problem.project(coefficients, recipe.epsilon);
    for (int i = 1; i <= recipe.iterations; ++i) {
        coefficients.requires_grad_(true);
        const torch::Tensor picture = problem.perturbed(coefficients);
        std::vector<Term> terms = perceptual.terms(picture, recipe.alpha);
        const std::vector<torch::Tensor> crops =
            ensemble.crops(picture, parts.template_to_picture, published_views());
        for (std::size_t n = 0; n < ensemble.size(); ++n) {
            terms.push_back({Term::Operations::small, crops[n], [&, n](const torch::Tensor& seen) {
                                 return published_part(reference[n],
                                                       ensemble.embed_crops(n, seen)) /
                                        -static_cast<double>(ensemble.size());
                             }});
        }
        const LossGradient step = loss_gradient(terms, coefficients);
        const double objective = -torch::stack(step.losses).sum().item<double>();
        coefficients = coefficients.detach() - recipe.step * step.gradient.sign();
        problem.project(coefficients, recipe.epsilon);
        if (!observer({i, objective, coefficients})) {
            throw Error(ErrorKind::cancelled, "Cancelled; the picture is unchanged.");
        }
    }
    return coefficients;
}

}  // namespace lowkey::cloak
