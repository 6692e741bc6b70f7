// Terms beside each other against autograd's own gradient of their sum.
#include "cloak/terms.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/torch.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace lowkey::cloak {
namespace {

// LibTorch's threads for a while.
struct Threads {
    int before = at::get_num_threads();
    explicit Threads(int count) { at::set_num_threads(count); }
    ~Threads() { at::set_num_threads(before); }
};

using Operations = Term::Operations;

torch::Tensor leaf() {
    return torch::linspace(-1, 1, 12, torch::kFloat64).view({3, 4}).requires_grad_(true);
}

std::vector<Term> three_terms(const torch::Tensor& leaf) {
    const torch::Tensor whole = leaf.sin(), part = whole.narrow(1, 1, 2) * 3;
    return {{Operations::large, whole, [](const torch::Tensor& x) { return x.pow(3).sum(); }},
            {Operations::small, part, [](const torch::Tensor& x) { return x.exp().mean(); }},
            {Operations::small, whole,
             [](const torch::Tensor& x) { return (x * x.roll(1, 0)).sum(); }}};
}

TEST(Terms, AddUpToTheGradientOfTheirSum) {
    for (const int threads : {1, 2, 4}) {
        const Threads now(threads);
        const torch::Tensor at = leaf();
        const LossGradient result = loss_gradient(three_terms(at), at);
        torch::Tensor sum = torch::zeros({}, torch::kFloat64);
        ASSERT_EQ(result.losses.size(), 3U);
        std::size_t place = 0;
        for (const Term& term : three_terms(at)) {
            const torch::Tensor loss = term.loss(term.input);
            EXPECT_DOUBLE_EQ(result.losses[place].item<double>(), loss.item<double>());
            EXPECT_FALSE(result.losses[place++].requires_grad());
            sum = sum + loss;
        }
        const torch::Tensor expected = torch::autograd::grad({sum}, {at}).front();
        EXPECT_GT(expected.abs().max().item<double>(), 0.1);
        EXPECT_TRUE(torch::allclose(result.gradient, expected, 1e-12, 1e-12));
    }
}

// Each waits for the other, which a thread alone would do in vain.
TEST(Terms, RunBesideEachOther) {
    const Threads two(2);
    std::atomic<int> begun = 0, met = 0;
    const auto meet = [&](const torch::Tensor& x) {
        ++begun;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        if (begun == 2) ++met;
        return x.sum();
    };
    const torch::Tensor at = leaf();
    const torch::Tensor whole = at * 2;
    EXPECT_TRUE(torch::equal(
        loss_gradient({{Operations::small, whole, meet}, {Operations::small, whole, meet}}, at)
            .gradient,
        torch::full_like(at, 4)));
    EXPECT_EQ(met, 2);
}

TEST(Terms, HandOnWhatOneThrows) {
    const Threads two(2);
    const torch::Tensor at = leaf();
    const torch::Tensor whole = at * 2;
    const auto fail = [](const torch::Tensor&) -> torch::Tensor {
        throw std::runtime_error("no network");
    };
    const auto sum = [](const torch::Tensor& x) { return x.sum(); };
    EXPECT_THROW(
        loss_gradient({{Operations::small, whole, sum}, {Operations::small, whole, fail}}, at),
        std::runtime_error);
    EXPECT_TRUE(torch::equal(loss_gradient({{Operations::small, whole, sum}}, at).gradient,
                             torch::full_like(at, 2)));
}

}  // namespace
}  // namespace lowkey::cloak
