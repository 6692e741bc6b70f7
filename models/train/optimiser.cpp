#include "train/optimiser.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lowkey::train {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.99, kEps = 1e-8;
constexpr double kDecay =
    0.02;  // of kernels and matrices; vectors (scales, slopes, biases) keep their size
constexpr double kMomentum = 0.95, kMuonRms = 0.2;
constexpr int kNewtonSchulzSteps = 5;
constexpr std::array<double, 3> kNewtonSchulz{3.4445, -4.7750, 2.0315};

// Kernels of single channels and of pictures are too narrow to gain by it, and a layer over all
// places is too wide to be worth its time.
constexpr int64_t kNarrowest = 4, kTooWide = 2048;

bool worth_muon(const torch::Tensor& values) {
    if (values.dim() < 2 || values.size(0) < 2) return false;
    const int64_t columns = values.numel() / values.size(0);
    return values.size(1) >= kNarrowest && columns < kTooWide;
}

}  // namespace

torch::Tensor orthogonal(const torch::Tensor& matrix) {
    const bool tall = matrix.size(0) > matrix.size(1);
    torch::Tensor x = tall ? matrix.t() : matrix;
    x = x / x.norm().clamp_min(1e-7);
    const auto [a, b, c] = kNewtonSchulz;
    for (int i = 0; i < kNewtonSchulzSteps; ++i) {
        const torch::Tensor square = x.matmul(x.t());
        x = x * a + (square * b + square.matmul(square) * c).matmul(x);
    }
    return tall ? x.t() : x;
}

Optimiser::Optimiser(torch::nn::Module& network, Matrices matrices, Precision precision)
    : precision_(precision) {
    for (const auto& item : network.named_parameters()) {
        const torch::Tensor& values = item.value();
        slots_.push_back({item.key(), values, torch::zeros_like(values), torch::zeros_like(values),
                          matrices == Matrices::muon && worth_muon(values)});
    }
}

void Optimiser::step(double rate) {
    const torch::NoGradGuard no_gradient;
    ++steps_;
    const double first_share = 1 - std::pow(kBeta1, steps_),
                 second_share = 1 - std::pow(kBeta2, steps_);
    const PrecisionGuard guard(precision_, slots_.front().values.device());
    for (Slot& slot : slots_) {
        const torch::Tensor gradient = slot.values.grad();
        if (slot.values.dim() > 1) slot.values.mul_(1 - rate * kDecay);
        if (slot.muon) {
            slot.first.lerp_(gradient, 1 - kMomentum);
            const torch::Tensor ahead = gradient.lerp(slot.first, kMomentum).flatten(1);
            const auto longer = static_cast<double>(std::max(ahead.size(0), ahead.size(1)));
            slot.values.add_(orthogonal(ahead).view_as(slot.values),
                             -rate * kMuonRms * std::sqrt(longer));
        } else {
            slot.first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
            slot.second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
            slot.values.addcdiv_(slot.first, (slot.second / second_share).sqrt_().add_(kEps),
                                 -rate / first_share);
        }
        slot.values.mutable_grad() = torch::Tensor();
    }
}

model::Tensors Optimiser::state() const {
    model::Tensors state;
    for (const Slot& slot : slots_) {
        state["first." + slot.name] = slot.first.contiguous();
        state["second." + slot.name] = slot.second.contiguous();
    }
    state["steps"] = torch::tensor({steps_});
    return state;
}

void Optimiser::restore(const model::Tensors& state) {
    for (Slot& slot : slots_) {
        slot.first.copy_(state.at("first." + slot.name));
        slot.second.copy_(state.at("second." + slot.name));
    }
    steps_ = state.at("steps").item<int64_t>();
}

}  // namespace lowkey::train
