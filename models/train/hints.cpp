#include "train/hints.h"

#include <string>

namespace lowkey::train {
namespace {

constexpr double kSmallShare = 1e-4;  // a distance; less than this counts less and less

torch::Tensor repeated(const torch::Tensor& features, int64_t rows) {
    return rows == features.size(0) ? features
                                    : features.repeat_interleave(rows / features.size(0), 0);
}

// N sums over channels, means over places.
torch::Tensor energy(const torch::Tensor& features) {
    return features.square().sum(1).mean({1, 2});
}

torch::Tensor centred(const torch::Tensor& features) {
    return features - features.mean({0, 2, 3}, true);
}

std::vector<torch::Tensor> by_grid(const std::vector<torch::Tensor>& taps) {
    std::vector<torch::Tensor> grids;
    for (const auto& tap : taps) {
        const bool same_grid = !grids.empty() && grids.back().size(2) == tap.size(2) &&
                               grids.back().size(3) == tap.size(3);
        if (same_grid) {
            grids.back() = torch::cat({grids.back(), tap}, 1);
        } else {
            grids.push_back(tap);
        }
    }
    return grids;
}

}  // namespace

Seen look(model::LpipsNetwork& network, const Pairs& pairs) {
    const auto clean = by_grid(network.scaled_features(pairs.clean));
    Seen seen{by_grid(network.scaled_features(pairs.changed)), {}};
    for (std::size_t grid = 0; grid < clean.size(); ++grid) {
        const auto& changed = seen.changed[grid];
        seen.differences.push_back(changed - repeated(clean[grid], changed.size(0)));
    }
    return seen;
}

Hints::Hints(const Seen& student, const Seen& teacher) {
    for (std::size_t grid = 0; grid < student.changed.size(); ++grid) {
        maps_.push_back(register_parameter(
            "grid" + std::to_string(grid),
            torch::zeros({teacher.changed[grid].size(1), student.changed[grid].size(1), 1, 1})));
    }
    to(student.changed.front().device());
}

torch::Tensor Hints::unexplained_differences(const Seen& student, const Seen& teacher) {
    const auto &own = student.differences, &truth = teacher.differences;
    torch::Tensor left = torch::zeros({}, maps_.front().options()), all = left;
    for (std::size_t grid = 0; grid < maps_.size(); ++grid) {
        left = left + energy(torch::conv2d(own[grid], maps_[grid]) - truth[grid]);
        all = all + energy(truth[grid]);
    }
    return left / (all + kSmallShare);
}

torch::Tensor Hints::unexplained_features(const Seen& student, const Seen& teacher) {
    torch::Tensor share = torch::zeros({}, maps_.front().options());
    for (std::size_t grid = 0; grid < maps_.size(); ++grid) {
        const auto truth = centred(teacher.changed[grid]);
        const auto own = torch::conv2d(centred(student.changed[grid]), maps_[grid]);
        share = share + energy(own - truth).mean() / (energy(truth).mean() + kSmallShare);
    }
    return share / static_cast<double>(maps_.size());
}

}  // namespace lowkey::train
