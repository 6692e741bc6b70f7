#include <algorithm>
#include <cmath>

#include "cloak/banded.h"
#include "cloak/filters.h"
#include "cloak/held_measures.h"
#include "cloak/objective.h"
#include "cloak/problem.h"
#include "cloak/terms.h"
#include "lowkey/error.h"

namespace lowkey::cloak {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.99;
constexpr double kDamping = 2;        // of the gradient's root mean square in each channel
constexpr double kColourPace = 0.05;  // of Cb and Cr against luma
constexpr double kSmoothness = 0.6;   // sigma of the perturbation in template pixels
constexpr double kLeastSigma = 0.3;   // working pixels; less is no smoothing at all
constexpr int kWarmUp = 6;            // steps until the full rate, while the weights settle
constexpr double kLastRate = 0.15;    // of the first learning rate, reached along a cosine
constexpr std::size_t kThroughG = 4;  // of so many views of a recogniser one is through G
constexpr int kLpipsPeriod = 3;       // steps; Adam averages over them

// Adam works on luma, Cb and Cr (BT.601), so that colour can move more slowly than light: steps in
// RGB are coloured by nature, and colour patches on skin are what a person sees first.
//
// The nodes are a Gaussian of what Adam moves. Adam gives every coordinate a step of the same size,
// also those whose gradient is noise: without the Gaussian a face larger than its template fills
// with pixel noise that costs all of the budgets and moves no embedding.
class Basis {
  public:
    explicit Basis(const Problem& problem) : grey_(problem.parts().grey) {
        const torch::Tensor& picture = problem.parts().picture;
        const double sigma = extra_smoothness(problem.parts());
        if (sigma >= kLeastSigma) {
            const int radius = static_cast<int>(std::ceil(3 * sigma));
            const auto gaussian = [&](int64_t n) {
                return Banded(gaussian_matrix(n, sigma, radius, picture.options()));
            };
            rows_ = gaussian(picture.size(2));
            columns_ = gaussian(picture.size(3));
        }
        constexpr double k = kColourPace;
        const torch::TensorOptions options = problem.parts().picture.options();
        const torch::Tensor to_rgb = torch::tensor({1.0, 0.0, 1.402 * k, 1.0, -0.344136 * k,
                                                    -0.714136 * k, 1.0, 1.772 * k, 0.0},
                                                   torch::kFloat64)
                                         .view({3, 3});
        to_rgb_ = to_rgb.to(options);
        from_rgb_ = torch::inverse(to_rgb).to(options);
    }
    torch::Tensor to_rgb(const torch::Tensor& values) const { return times(to_rgb_, values); }
    torch::Tensor from_rgb(const torch::Tensor& values) const { return times(from_rgb_, values); }
    torch::Tensor to_nodes(const torch::Tensor& rgb) const {
        return rows_.defined() ? filter(rows_, columns_, rgb) : rgb;
    }

  private:
    // In working pixels: what the nodes' own spline, of variance 1/3, does not smooth yet.
    static double extra_smoothness(const Problem::Parts& parts) {
        const cv::Matx23d& m = parts.template_to_picture;
        const double wanted = kSmoothness * std::hypot(m(0, 0), m(1, 0));
        const double has = parts.factor > 1 ? 1.0 / 3 : 0;
        return std::sqrt(std::max(0.0, wanted * wanted - has));
    }

    torch::Tensor times(const torch::Tensor& matrix, const torch::Tensor& values) const {
        return grey_ ? values : matrix.matmul(values.view({3, -1})).view(values.sizes());
    }
    bool grey_;
    torch::Tensor to_rgb_, from_rgb_;
    Banded rows_, columns_;  // undefined: no smoothing
};

// Undamped, Adam gives a coordinate whose gradient is noise as large a step as any: on smooth faces
// those steps alone used up the budgets, and the cloak was scaled down until it did nothing.
class Adam {
  public:
    explicit Adam(const torch::Tensor& like)
        : first_(torch::zeros_like(like)), second_(torch::zeros_like(like)) {}
    // In-place descent step.
    void step(torch::Tensor& values, const torch::Tensor& gradient, double rate) {
        ++steps_;
        first_.mul_(kBeta1).add_(gradient, 1 - kBeta1);
        second_.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
        const double first_share = 1 - std::pow(kBeta1, steps_);
        const double second_share = 1 - std::pow(kBeta2, steps_);
        const torch::Tensor square = second_ / second_share;
        const torch::Tensor typical = square.mean({2, 3}, true).sqrt_().mul_(kDamping).add_(1e-12);
        values.addcdiv_(first_, square.sqrt() + typical, -rate / first_share);
    }

  private:
    torch::Tensor first_, second_;
    int steps_ = 0;
};

// Who looks through a step: one view for all that see the picture as it is, one for all through G.
struct Look {
    std::vector<std::size_t> plain, through_g;  // places in the ensemble
};

// Each recogniser sees one view once in its period, through G every fourth time: Adam averages over
// steps, so the same time buys more of them.
Look look_at_step(const Ensemble& ensemble, int step) {
    Look look;
    for (std::size_t place = 0; place < ensemble.size(); ++place) {
        const auto period = static_cast<std::size_t>(ensemble.period(place));
        const auto now = static_cast<std::size_t>(step);
        if (now % period != place % period) continue;
        // Half of them look through G at other times than the others.
        const std::size_t turn = now / period + place % 2 * kThroughG / 2;
        (turn % kThroughG == 0 ? look.through_g : look.plain).push_back(place);
    }
    return look;
}

// A recogniser that looks, as a term: what moves its embedding from the clean one, of `all` that
// look, makes it fall.
Term looking_term(const Ensemble& ensemble, std::size_t place, const torch::Tensor& crops,
                  const torch::Tensor& clean, double all) {
    return {Term::Operations::small, crops,
            [&ensemble, place, clean, all](const torch::Tensor& seen) {
                return squared_distances(clean, ensemble.embed_crops(place, seen)).mean() / -all;
            }};
}

// Those who look at this step: the sum is minus the mean squared distance to the clean embedding.
std::vector<Term> looking_terms(const torch::Tensor& picture,
                                const std::vector<torch::Tensor>& reference, const Problem& problem,
                                int step, Random& random) {
    const Ensemble& ensemble = problem.ensemble();
    const Look look = look_at_step(ensemble, step);
    const auto all = static_cast<double>(look.plain.size() + look.through_g.size());
    std::vector<Term> terms;
    const auto add = [&](const std::vector<std::size_t>& places, const View& view) {
        const std::vector<torch::Tensor> crops =
            ensemble.chosen(places).crops(picture, problem.parts().template_to_picture, {view});
        for (std::size_t n = 0; n < places.size(); ++n) {
            terms.push_back(looking_term(ensemble, places[n], crops[n], reference[places[n]], all));
        }
    };
    if (!look.plain.empty()) add(look.plain, random_view(random));
    if (!look.through_g.empty()) add(look.through_g, random_smooth_view(random));
    return terms;
}

}  // namespace

torch::Tensor ascend_budgeted(const Problem& problem, const Recipe& recipe, uint64_t seed,
                              const Observer& observer) {
    const Problem::Parts& parts = problem.parts();
    const Ensemble& ensemble = problem.ensemble();
    std::vector<torch::Tensor> reference;
    {
        const torch::NoGradGuard no_gradient;
        reference = ensemble.embed(parts.reference, parts.template_to_picture, {View{}});
    }
    HeldMeasures measures(problem, recipe.budgets);
    Random random(seed);
    torch::Tensor coefficients = problem.start(recipe.start, seed);
    problem.project(coefficients, recipe.epsilon);
    const Basis basis(problem);
    torch::Tensor leaf = basis.from_rgb(coefficients);
    Adam adam(leaf);
    for (int i = 1; i <= recipe.iterations; ++i) {
        leaf.requires_grad_(true);
        const torch::Tensor picture = problem.perturbed(basis.to_nodes(basis.to_rgb(leaf)));
        const std::vector<Term> looking = looking_terms(picture, reference, problem, i, random);
        std::vector<Term> terms;
        if (i % kLpipsPeriod == 1 && problem.perceptual() != nullptr) {
            const GridOffset offset = random_offset(random, picture);
            terms.push_back(
                {Term::Operations::large, picture, [&measures, offset](const torch::Tensor& seen) {
                     return measures.lpips(seen, offset);
                 }});
        }
        const std::size_t first = terms.size();
        terms.insert(terms.end(), looking.begin(), looking.end());
        terms.push_back({Term::Operations::large, picture,
                         [&](const torch::Tensor& seen) { return measures.pixels(seen); }});
        const LossGradient step = loss_gradient(terms, leaf);
        double distance = 0;
        for (std::size_t n = 0; n < looking.size(); ++n) {
            distance -= step.losses[first + n].item<double>();
        }
        leaf = leaf.detach();
        const double done = static_cast<double>(i - 1) / recipe.iterations;
        const double rate =
            recipe.step * (kLastRate + (1 - kLastRate) * 0.5 * (1 + std::cos(M_PI * done)));
        adam.step(leaf, step.gradient, rate * std::min(1.0, static_cast<double>(i) / kWarmUp));
        torch::Tensor moved_rgb = basis.to_rgb(leaf);
        problem.project(moved_rgb, recipe.epsilon);
        leaf = basis.from_rgb(moved_rgb);
        coefficients = basis.to_nodes(moved_rgb);
        problem.project(coefficients, recipe.epsilon);
        measures.adapt();
        if (!observer({i, distance, coefficients})) {
            throw Error(ErrorKind::cancelled, "Cancelled; the picture is unchanged.");
        }
    }
    return coefficients * measures.feasible_scale(coefficients);
}

}  // namespace lowkey::cloak
