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
    const torch::Tensor x = torch::randn({3, 20, 7, 5}).contiguous(GetParam());
    x.select(1, 2).zero_();  // at 0 as well
    const torch::Tensor slopes = torch::randn({20}), above = torch::randn({3, 20, 7, 5});
    const auto ours = [&](const auto& y) { return parametric_relu(y, slopes); };
    const auto theirs = [&](const auto& y) { return torch::prelu(y, slopes); };
    EXPECT_TRUE(torch::equal(ours(x), theirs(x)));
    EXPECT_TRUE(torch::equal(gradient_through(ours, x, above), gradient_through(theirs, x, above)));
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
