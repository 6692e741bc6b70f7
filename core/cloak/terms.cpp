#include "cloak/terms.h"

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include <algorithm>
#include <atomic>
#include <exception>

namespace lowkey::cloak {
namespace {

struct Schedule {
    std::vector<std::size_t> beside_each_other, one_after_the_other;  // places of terms
};

Schedule schedule(const std::vector<Term>& terms, const torch::Device& device) {
    const auto is_small = [](const Term& term) {
        return term.operations == Term::Operations::small;
    };
    const bool idle = at::get_num_threads() > std::ranges::count_if(terms, is_small);
    Schedule schedule;
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const bool beside = device.is_cpu() && (is_small(terms[i]) || !idle);
        (beside ? schedule.beside_each_other : schedule.one_after_the_other).push_back(i);
    }
    return schedule;
}

// Whoever is free takes the next one. Not at::parallel_for(), whose body may hold no operations on
// tensors. All threads come, as to LibTorch's own loops: for another number OpenMP starts anew.
void side_by_side(const std::vector<std::size_t>& places,
                  const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next = 0;
    std::exception_ptr fault;
#pragma omp parallel if (places.size() > 1 && at::get_num_threads() > 1)
    {
        try {
            for (std::size_t i = next++; i < places.size(); i = next++) work(places[i]);
        } catch (...) {
            next = places.size();
#pragma omp critical
            fault = std::current_exception();
        }
    }
    if (fault) std::rethrow_exception(fault);
}

}  // namespace

LossGradient loss_gradient(const std::vector<Term>& terms, const torch::Tensor& leaf) {
    LossGradient result;
    result.losses.resize(terms.size());
    std::vector<torch::Tensor> inputs(terms.size()), gradients(terms.size());
    const auto evaluate = [&](std::size_t i) {
        const torch::AutoGradMode with_gradient(true);  // a thread's own
        const torch::Tensor input = terms[i].input.detach().requires_grad_(true);
        const torch::Tensor loss = terms[i].loss(input);
        gradients[i] = torch::autograd::grad({loss}, {input}).front();
        result.losses[i] = loss.detach();
        inputs[i] = terms[i].input;
    };
    const Schedule order = schedule(terms, leaf.device());
    side_by_side(order.beside_each_other, evaluate);
    std::ranges::for_each(order.one_after_the_other, evaluate);
    result.gradient = torch::autograd::grad(inputs, {leaf}, gradients).front();
    return result;
}

}  // namespace lowkey::cloak
