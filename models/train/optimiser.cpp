#include "train/optimiser.h"

#include <cmath>

namespace lowkey::train {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.99, kEps = 1e-8;
constexpr double kDecay =
    0.02;  // of kernels and matrices; vectors (scales, slopes, biases) keep their size

}  // namespace

AdamW::AdamW(torch::nn::Module& network) {
    for (const auto& item : network.named_parameters()) {
        const torch::Tensor& values = item.value();
        slots_.push_back(
            {item.key(), values, torch::zeros_like(values), torch::zeros_like(values)});
    }
}

void AdamW::step(double rate) {
    const torch::NoGradGuard no_gradient;
    ++steps_;
    const double first_share = 1 - std::pow(kBeta1, steps_),
                 second_share = 1 - std::pow(kBeta2, steps_);
    for (Slot& slot : slots_) {
        const torch::Tensor gradient = slot.values.grad();
        slot.first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
        slot.second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
        if (slot.values.dim() > 1) slot.values.mul_(1 - rate * kDecay);
        slot.values.addcdiv_(slot.first, (slot.second / second_share).sqrt_().add_(kEps),
                             -rate / first_share);
        slot.values.mutable_grad() = torch::Tensor();
    }
}

model::Tensors AdamW::state() const {
    model::Tensors state;
    for (const Slot& slot : slots_) {
        state["first." + slot.name] = slot.first.contiguous();
        state["second." + slot.name] = slot.second.contiguous();
    }
    state["steps"] = torch::tensor({steps_});
    return state;
}

void AdamW::restore(const model::Tensors& state) {
    for (Slot& slot : slots_) {
        slot.first.copy_(state.at("first." + slot.name));
        slot.second.copy_(state.at("second." + slot.name));
    }
    steps_ = state.at("steps").item<int64_t>();
}

}  // namespace lowkey::train
