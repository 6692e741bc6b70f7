#include "model/arch/prelu.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <functional>

namespace lowkey::model {
namespace {

torch::Tensor gradient_through(const std::function<torch::Tensor(torch::Tensor)>& function,
                               const torch::Tensor& at, const torch::Tensor& above) {
    const torch::Tensor x = at.detach().requires_grad_(true);
    return torch::autograd::grad({function(x)}, {x}, {above}).front();
}

class PreluOf : public ::testing::TestWithParam<torch::MemoryFormat> {};

TEST_P(PreluOf, FixedSlopesGiveWhatTorchGives) {
    torch::manual_seed(4);
    const torch::Tensor x = torch::randn({3, 20, 40, 50}).contiguous(GetParam());
    x.select(1, 2).zero_();  // at 0 as well
    const torch::Tensor slopes = torch::randn({20}), above = torch::randn({3, 20, 40, 50});
    const auto ours = [&](const auto& y) { return parametric_relu(y, slopes); };
    const auto theirs = [&](const auto& y) { return torch::prelu(y, slopes); };
    EXPECT_TRUE(torch::equal(ours(x), theirs(x)));
    EXPECT_TRUE(torch::equal(gradient_through(ours, x, above), gradient_through(theirs, x, above)));
}

// Else both sides of the test above could be torch's.
TEST(Prelu, TakesItsOwnWayWhereItCan) {
    const torch::Tensor slopes = torch::randn({8});
    const auto way = [&](torch::MemoryFormat order) {
        const torch::Tensor x = torch::randn({1, 8, 4, 4}).contiguous(order).requires_grad_(true);
        return parametric_relu(x, slopes).grad_fn()->name();
    };
    EXPECT_NE(way(torch::MemoryFormat::ChannelsLast).find("FixedPrelu"), std::string::npos);
    EXPECT_EQ(way(torch::MemoryFormat::Contiguous).find("FixedPrelu"), std::string::npos);
}

TEST(Prelu, ItsGradientCanBeDifferentiated) {
    torch::manual_seed(6);
    const torch::Tensor slopes = torch::randn({8});
    const torch::Tensor x = torch::randn({2, 8, 4, 4})
                                .contiguous(torch::MemoryFormat::ChannelsLast)
                                .requires_grad_(true);
    const torch::Tensor y = parametric_relu(x, slopes);
    const torch::Tensor first =
        torch::autograd::grad({y.square().sum()}, {x}, {}, true, true).front();
    const torch::Tensor second = torch::autograd::grad({first.square().sum()}, {x}).front();
    const torch::Tensor slope =
        torch::where(x > 0, torch::ones_like(x), slopes.view({1, -1, 1, 1}));
    EXPECT_TRUE(torch::allclose(second, x * slope.pow(4) * 8));
}

INSTANTIATE_TEST_SUITE_P(Orders, PreluOf,
                         ::testing::Values(torch::MemoryFormat::ChannelsLast,
                                           torch::MemoryFormat::Contiguous));

TEST(Prelu, SlopesThatLearnGetTheirGradient) {
    torch::manual_seed(5);
    const torch::Tensor x = torch::randn({2, 6, 4, 4}).requires_grad_(true);
    const torch::Tensor slopes = torch::randn({6}).requires_grad_(true);
    parametric_relu(x.contiguous(torch::MemoryFormat::ChannelsLast), slopes).sum().backward();
    const torch::Tensor expected = x.detach().clamp_max(0).sum({0, 2, 3});
    EXPECT_TRUE(torch::allclose(slopes.grad(), expected, 1e-4, 1e-5));
}

}  // namespace
}  // namespace lowkey::model
