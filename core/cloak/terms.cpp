#include "cloak/terms.h"

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include <algorithm>
#include <atomic>

namespace lowkey::cloak {
namespace {

// Whoever is free takes the next one.
void side_by_side(std::size_t count, const std::function<void(std::size_t)>& work) {
    const int64_t threads =
        std::min(static_cast<int64_t>(count), static_cast<int64_t>(at::get_num_threads()));
    std::atomic<std::size_t> next = 0;
    at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
        for (std::size_t i = next++; i < count; i = next++) work(i);
    });
}

}  // namespace

Slope slope_of(const std::vector<Term>& terms, const torch::Tensor& leaf) {
    Slope slope;
    slope.losses.resize(terms.size());
    std::vector<torch::Tensor> inputs(terms.size()), gradients(terms.size());
    const auto evaluate = [&](std::size_t i) {
        const torch::AutoGradMode with_gradient(true);  // a thread's own
        const torch::Tensor input = terms[i].input.detach().requires_grad_(true);
        const torch::Tensor loss = terms[i].loss(input);
        gradients[i] = torch::autograd::grad({loss}, {input}).front();
        slope.losses[i] = loss.detach();
        inputs[i] = terms[i].input;
    };
    if (leaf.is_cpu()) {
        side_by_side(terms.size(), evaluate);
    } else {
        for (std::size_t i = 0; i < terms.size(); ++i) evaluate(i);
    }
    slope.gradient = torch::autograd::grad(inputs, {leaf}, gradients).front();
    return slope;
}

}  // namespace lowkey::cloak
