#include "train/optimiser.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <array>
#include <vector>

namespace lowkey::train {
namespace {

TEST(Orthogonal, SingularValuesAreAboutOne) {
    torch::manual_seed(1);
    for (const auto& size : std::vector<std::array<int64_t, 2>>{{20, 50}, {50, 20}, {32, 32}}) {
        const torch::Tensor values =
            torch::linalg_svdvals(orthogonal(torch::randn({size[0], size[1]}) * 1e-4));
        EXPECT_GT(values.median().item<double>(), 0.65);
        EXPECT_LT(values.max().item<double>(), 1.3);
    }
}

TEST(Orthogonal, Bfloat16IsNearEnough) {
    torch::manual_seed(6);
    const torch::Tensor matrix = torch::randn({48, 80}), exact = orthogonal(matrix);
    const PrecisionGuard guard(Precision::bfloat16, torch::kCPU);
    const torch::Tensor near = orthogonal(matrix);
    EXPECT_EQ(near.scalar_type(), torch::kFloat);
    EXPECT_FALSE(torch::equal(near, exact));
    EXPECT_LT(((near - exact).norm() / exact.norm()).item<double>(), 0.05);
}

TEST(Orthogonal, KeepsTheDirections) {
    torch::manual_seed(2);
    const auto [u, s, v] = torch::linalg_svd(torch::randn({12, 30}), false);
    const torch::Tensor matrix = (u * torch::linspace(0.5, 1, 12)).matmul(v);
    const torch::Tensor turned = u.t().matmul(orthogonal(matrix)).matmul(v.t());
    const torch::Tensor beside = turned - torch::diag(turned.diagonal());
    EXPECT_LT(beside.abs().max().item<double>(), 1e-4);
    EXPECT_GT(turned.diagonal().min().item<double>(), 0.5);
}

// A network, and its squared error on fixed pairs.
struct Fitting {
    torch::nn::Sequential network{torch::nn::Linear(16, 32), torch::nn::Linear(32, 8)};
    torch::Tensor x = torch::randn({64, 16}), y = x.matmul(torch::randn({16, 8}));
    double add_gradient() {
        const torch::Tensor loss = (network->forward(x) - y).square().mean();
        loss.backward();
        return loss.item<double>();
    }
};

TEST(Optimiser, BothKindsFit) {
    for (const Matrices matrices : {Matrices::adamw, Matrices::muon}) {
        torch::manual_seed(3);
        Fitting fitting;
        Optimiser optimiser(*fitting.network, matrices);
        const double before = fitting.add_gradient();
        for (int i = 0; i < 200; ++i) {
            optimiser.step(3e-2);
            fitting.add_gradient();
        }
        optimiser.step(0);
        EXPECT_LT(fitting.add_gradient(), before / 10) << static_cast<int>(matrices);
    }
}

TEST(Optimiser, GoesOnFromItsStateAsIfItHadNotStopped) {
    torch::manual_seed(4);
    Fitting fitting;
    Optimiser optimiser(*fitting.network, Matrices::muon);
    for (int i = 0; i < 5; ++i) {
        fitting.add_gradient();
        optimiser.step(1e-2);
    }
    torch::manual_seed(4);
    Fitting again;  // the same pairs
    {
        const torch::NoGradGuard no_gradient;
        for (const auto& item : fitting.network->named_parameters())
            again.network->named_parameters()[item.key()].copy_(item.value());
    }
    Optimiser resumed(*again.network, Matrices::muon);
    resumed.restore(optimiser.state());
    fitting.add_gradient();
    again.add_gradient();
    optimiser.step(1e-2);
    resumed.step(1e-2);
    for (const auto& item : fitting.network->named_parameters())
        EXPECT_TRUE(torch::equal(item.value(), again.network->named_parameters()[item.key()]))
            << item.key();
}

}  // namespace
}  // namespace lowkey::train
