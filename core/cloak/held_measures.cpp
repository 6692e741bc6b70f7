#include "cloak/held_measures.h"

#include <algorithm>

namespace lowkey::cloak {
namespace {

constexpr int kScaleSearch = 7;  // bisections of the final scale
constexpr int kGridShift = 15;   // pixels; the coarsest grid of the perceptual networks is 16

torch::Tensor moved(const torch::Tensor& picture, GridOffset offset) {
    return picture.narrow(2, offset.y, picture.size(2) - offset.y)
        .narrow(3, offset.x, picture.size(3) - offset.x)
        .contiguous();
}

ChromaMeasure chroma_of(const cv::Rect& box, int64_t height, int64_t width,
                        const torch::TensorOptions& options) {
    return {height, width, kChromaSigma * std::max(box.width, box.height), options};
}

torch::Tensor face_of(const torch::Tensor& picture, const cv::Rect& box) {
    return picture.narrow(2, box.y, box.height).narrow(3, box.x, box.width);
}

// Windows that lie inside the box; at least one, however small the box.
torch::Tensor windows_of(const torch::Tensor& map, const cv::Rect& box) {
    const auto cut = [](const torch::Tensor& t, int64_t axis, int64_t from, int64_t size) {
        const int64_t n = t.size(axis);
        const int64_t first = std::clamp<int64_t>(from, 0, n - 1);
        const int64_t count = std::clamp<int64_t>(size - 2 * kSsimRadius, 1, n - first);
        return t.narrow(axis, first, count);
    };
    return cut(cut(map, 2, box.y, box.height), 3, box.x, box.width);
}

}  // namespace

GridOffset random_offset(Random& random, const torch::Tensor& picture) {
    const auto below = [&](int64_t side) {
        const int64_t most = std::min<int64_t>(kGridShift, side / 8);
        return static_cast<int64_t>(random() % static_cast<std::uint64_t>(most + 1));
    };
    const int64_t y = below(picture.size(2));
    return {y, below(picture.size(3))};
}

torch::Tensor HeldMeasures::Kind::weighted(const std::vector<torch::Tensor>& measured) {
    torch::Tensor sum;
    values.clear();
    for (std::size_t i = 0; i < measured.size(); ++i) {
        values.push_back(measured[i].detach());
        const torch::Tensor part = measured[i] * (weights[i].weight() / weights[i].budget());
        sum = sum.defined() ? sum + part : part;
    }
    return sum;
}

void HeldMeasures::Kind::adapt() {
    for (std::size_t i = 0; i < values.size(); ++i) weights[i].update(values[i].item<double>());
    values.clear();
}

bool HeldMeasures::Kind::keeps(const std::vector<torch::Tensor>& measured) const {
    for (std::size_t i = 0; i < measured.size(); ++i) {
        if (measured[i].item<double>() > weights[i].budget()) return false;
    }
    return true;
}

HeldMeasures::HeldMeasures(const Problem& problem, const Budgets& budgets)
    : problem_(problem),
      ssim_(problem.parts().picture),
      face_chroma_(chroma_of(problem.parts().box, problem.parts().box.height,
                             problem.parts().box.width, problem.parts().picture.options())),
      region_chroma_(chroma_of(problem.parts().box, problem.parts().picture.size(2),
                               problem.parts().picture.size(3),
                               problem.parts().picture.options())) {
    pixels_.weights = {BudgetWeight(budgets.dssim), BudgetWeight(budgets.dssim),
                       BudgetWeight(budgets.chroma), BudgetWeight(budgets.chroma)};
    lpips_.weights = {BudgetWeight(budgets.lpips)};
}

std::vector<torch::Tensor> HeldMeasures::clean_features(GridOffset offset) const {
    if (problem_.perceptual() == nullptr) return {};
    const torch::NoGradGuard no_gradient;
    return problem_.perceptual()->prepare(moved(problem_.parts().picture, offset));
}

std::vector<torch::Tensor> HeldMeasures::measured_pixels(const torch::Tensor& picture) const {
    const cv::Rect& box = problem_.parts().box;
    const torch::Tensor map = ssim_.dssim_map(picture);
    const torch::Tensor inside = windows_of(map, box);
    const double around = static_cast<double>(map.numel() - inside.numel());
    const torch::Tensor difference = picture - problem_.parts().picture;
    return {inside.mean(), (map.sum() - inside.sum()) / std::max(1.0, around),
            face_chroma_(face_of(difference, box)), region_chroma_(difference)};
}

std::vector<torch::Tensor> HeldMeasures::measured_lpips(const std::vector<torch::Tensor>& clean,
                                                        const torch::Tensor& picture,
                                                        GridOffset offset) const {
    if (problem_.perceptual() == nullptr) return {};
    return {problem_.perceptual()->distance_to(clean, moved(picture, offset)).mean()};
}

torch::Tensor HeldMeasures::pixels(const torch::Tensor& picture) {
    return pixels_.weighted(measured_pixels(picture));
}

torch::Tensor HeldMeasures::lpips(const torch::Tensor& picture, GridOffset offset) {
    return lpips_.weighted(measured_lpips(clean_features(offset), picture, offset));
}

void HeldMeasures::adapt() {
    pixels_.adapt();
    lpips_.adapt();
}

double HeldMeasures::feasible_scale(const torch::Tensor& coefficients) const {
    const torch::NoGradGuard no_gradient;
    const std::vector<torch::Tensor> clean = clean_features({});
    const auto fits = [&](double scale) {
        const torch::Tensor picture = problem_.perturbed(coefficients * scale);
        return pixels_.keeps(measured_pixels(picture)) &&
               lpips_.keeps(measured_lpips(clean, picture, {}));
    };
    if (fits(1)) return 1;
    double low = 0, high = 1;
    for (int i = 0; i < kScaleSearch; ++i) {
        const double middle = (low + high) / 2;
        (fits(middle) ? low : high) = middle;
    }
    return low;
}

}  // namespace lowkey::cloak
