#include <torch/autograd.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "cloak/banded.h"
#include "cloak/budget.h"
#include "cloak/filters.h"
#include "cloak/objective.h"
#include "cloak/problem.h"
#include "cloak/quality.h"
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
constexpr int kScaleSearch = 7;       // bisections of the final scale
constexpr std::size_t kThroughG = 4;  // of so many views of a recogniser one is through G
constexpr int kLpipsPeriod = 3;       // steps; Adam averages over them
constexpr int kGridShift = 15;        // pixels; the coarsest grid of the perceptual networks is 16

// Where the perceptual network's grid begins.
struct GridOffset {
    int64_t y = 0, x = 0;
};

// What LPIPS needs of the picture without the perturbation, with the grid at that place.
struct CleanGrid {
    GridOffset offset;
    std::vector<torch::Tensor> features;
};

GridOffset random_offset(Random& random, const torch::Tensor& picture) {
    const auto below = [&](int64_t side) {
        const int64_t most = std::min<int64_t>(kGridShift, side / 8);
        return static_cast<int64_t>(random() % static_cast<std::uint64_t>(most + 1));
    };
    const int64_t y = below(picture.size(2));
    return {y, below(picture.size(3))};
}

// Each perceptual measure over its budget. DSSIM and chroma are held in the face box and around it:
// a budget for the box alone would drive the perturbation out of it. What the cloak of an
// overlapping face did before is not charged to this one: it could use up the budgets and leave no
// cloak.
class Measures {
  public:
    Measures(const Problem& problem, const Budgets& budgets)
        : problem_(problem),
          ssim_(problem.parts().picture),
          face_chroma_(problem.parts().box.height, problem.parts().box.width,
                       kChromaSigma * longer_side(problem), problem.parts().picture.options()),
          region_chroma_(problem.parts().picture.size(2), problem.parts().picture.size(3),
                         kChromaSigma * longer_side(problem), problem.parts().picture.options()) {
        weights_ = {BudgetWeight(budgets.dssim), BudgetWeight(budgets.dssim),
                    BudgetWeight(budgets.chroma), BudgetWeight(budgets.chroma)};
        if (problem.perceptual() != nullptr) {
            weights_.emplace_back(budgets.lpips);
        }
    }

    // Without a perceptual network: no features, and LPIPS is not measured.
    CleanGrid clean_grid(GridOffset offset) const {
        if (problem_.perceptual() == nullptr) return {offset, {}};
        const torch::NoGradGuard no_gradient;
        return {offset, problem_.perceptual()->prepare(moved(problem_.parts().picture, offset))};
    }

    // In the order of the weights, LPIPS last and only with a grid.
    std::vector<torch::Tensor> of(const torch::Tensor& picture,
                                  const std::optional<CleanGrid>& grid) const {
        const torch::Tensor map = ssim_.dssim_map(picture);
        const torch::Tensor inside = box_of(map);
        const double around = static_cast<double>(map.numel() - inside.numel());
        const torch::Tensor difference = picture - problem_.parts().picture;
        std::vector<torch::Tensor> values = {
            inside.mean(), (map.sum() - inside.sum()) / std::max(1.0, around),
            face_chroma_(face_of(difference)), region_chroma_(difference)};
        if (grid && problem_.perceptual() != nullptr) {
            values.push_back(problem_.perceptual()
                                 ->distance_to(grid->features, moved(picture, grid->offset))
                                 .mean());
        }
        return values;
    }

    torch::Tensor weighted(const std::vector<torch::Tensor>& values) const {
        torch::Tensor sum = torch::zeros({}, values.front().options());
        for (std::size_t i = 0; i < values.size(); ++i) {
            sum = sum + values[i] * (weights_[i].weight() / weights_[i].budget());
        }
        return sum;
    }

    void update(const std::vector<torch::Tensor>& values) {
        for (std::size_t i = 0; i < values.size(); ++i)
            weights_[i].update(values[i].item<double>());
    }

    // Largest measure over its budget.
    double excess(const std::vector<torch::Tensor>& values) const {
        double largest = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            largest = std::max(largest, values[i].item<double>() / weights_[i].budget());
        }
        return largest;
    }

  private:
    // A cloak grows into what a network misses between the nodes of its grid, so the grid moves
    // from step to step. docs/results.md has what that does to LPIPS.
    static torch::Tensor moved(const torch::Tensor& picture, GridOffset offset) {
        return picture.narrow(2, offset.y, picture.size(2) - offset.y)
            .narrow(3, offset.x, picture.size(3) - offset.x)
            .contiguous();
    }

    static int longer_side(const Problem& problem) {
        return std::max(problem.parts().box.width, problem.parts().box.height);
    }

    torch::Tensor face_of(const torch::Tensor& picture) const {
        const cv::Rect& box = problem_.parts().box;
        return picture.narrow(2, box.y, box.height).narrow(3, box.x, box.width);
    }

    torch::Tensor box_of(const torch::Tensor& map) const {
        const cv::Rect& box = problem_.parts().box;
        const auto cut = [](const torch::Tensor& t, int64_t axis, int64_t from, int64_t size) {
            // Windows that lie inside the box; at least one, however small the box.
            const int64_t n = t.size(axis);
            const int64_t first = std::clamp<int64_t>(from, 0, n - 1);
            const int64_t count = std::clamp<int64_t>(size - 2 * kSsimRadius, 1, n - first);
            return t.narrow(axis, first, count);
        };
        return cut(cut(map, 2, box.y, box.height), 3, box.x, box.width);
    }

    const Problem& problem_;
    SsimReference ssim_;
    ChromaMeasure face_chroma_, region_chroma_;
    std::vector<BudgetWeight> weights_;
};

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

// The largest scale of the perturbation, at most 1, that keeps every budget.
double feasible_scale(const Problem& problem, const Measures& measures,
                      const torch::Tensor& coefficients) {
    const torch::NoGradGuard no_gradient;
    const std::optional<CleanGrid> grid = measures.clean_grid({});
    const auto fits = [&](double scale) {
        return measures.excess(measures.of(problem.perturbed(coefficients * scale), grid)) <= 1;
    };
    if (fits(1)) return 1;
    double low = 0, high = 1;
    for (int i = 0; i < kScaleSearch; ++i) {
        const double middle = (low + high) / 2;
        (fits(middle) ? low : high) = middle;
    }
    return low;
}

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

// Mean over those who look of the squared distance to the clean embedding.
torch::Tensor mean_distance(const torch::Tensor& picture,
                            const std::vector<torch::Tensor>& reference, const Problem& problem,
                            int step, Random& random) {
    const Look look = look_at_step(problem.ensemble(), step);
    torch::Tensor sum = torch::zeros({}, picture.options());
    const auto add = [&](const std::vector<std::size_t>& places, const View& view) {
        const std::vector<torch::Tensor> embeddings = problem.ensemble().chosen(places).embed(
            picture, problem.parts().template_to_picture, {view});
        for (std::size_t n = 0; n < places.size(); ++n) {
            sum = sum + squared_distances(reference[places[n]], embeddings[n]).mean();
        }
    };
    if (!look.plain.empty()) add(look.plain, random_view(random));
    if (!look.through_g.empty()) add(look.through_g, random_smooth_view(random));
    const std::size_t all = look.plain.size() + look.through_g.size();
    return sum / static_cast<double>(std::max<std::size_t>(1, all));
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
    Measures measures(problem, recipe.budgets);
    Random random(seed);
    torch::Tensor coefficients = problem.start(recipe.start, seed);
    problem.project(coefficients, recipe.epsilon);
    const Basis basis(problem);
    torch::Tensor leaf = basis.from_rgb(coefficients);
    Adam adam(leaf);
    for (int i = 1; i <= recipe.iterations; ++i) {
        leaf.requires_grad_(true);
        const torch::Tensor picture = problem.perturbed(basis.to_nodes(basis.to_rgb(leaf)));
        const torch::Tensor distance = mean_distance(picture, reference, problem, i, random);
        const bool with_lpips = i % kLpipsPeriod == 1;
        std::optional<CleanGrid> grid;
        if (with_lpips) grid = measures.clean_grid(random_offset(random, picture));
        const std::vector<torch::Tensor> values = measures.of(picture, grid);
        const torch::Tensor loss = measures.weighted(values) - distance;
        const torch::Tensor gradient = torch::autograd::grad({loss}, {leaf}).front();
        leaf = leaf.detach();
        const double done = static_cast<double>(i - 1) / recipe.iterations;
        const double rate =
            recipe.step * (kLastRate + (1 - kLastRate) * 0.5 * (1 + std::cos(M_PI * done)));
        adam.step(leaf, gradient, rate * std::min(1.0, static_cast<double>(i) / kWarmUp));
        torch::Tensor moved_rgb = basis.to_rgb(leaf);
        problem.project(moved_rgb, recipe.epsilon);
        leaf = basis.from_rgb(moved_rgb);
        coefficients = basis.to_nodes(moved_rgb);
        problem.project(coefficients, recipe.epsilon);
        measures.update(values);
        if (!observer({i, distance.item<double>(), coefficients})) {
            throw Error(ErrorKind::cancelled, "Cancelled; the picture is unchanged.");
        }
    }
    return coefficients * feasible_scale(problem, measures, coefficients);
}

}  // namespace lowkey::cloak
