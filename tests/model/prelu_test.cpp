#include "model/arch/prelu.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <functional>
#include <limits>

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
    EXPECT_TRUE(torch::equal(ours(x.detach().requires_grad_(true)), theirs(x))) << "our kernel";
    EXPECT_TRUE(torch::equal(gradient_through(ours, x, above), gradient_through(theirs, x, above)));
}

// Else both sides of the test above could be torch's.
TEST(Prelu, TakesItsOwnWayWhereItCan) {
    const torch::Tensor slopes = torch::randn({8});
    const auto way = [&](torch::MemoryFormat order) {
        const torch::Tensor x = torch::randn({1, 8, 4, 4}).contiguous(order).requires_grad_(true);
        return parametric_relu(x, slopes).grad_fn()->name();
    };
    EXPECT_NE(way(torch::MemoryFormat::ChannelsLast).find("FastPrelu"), std::string::npos);
    EXPECT_EQ(way(torch::MemoryFormat::Contiguous).find("FastPrelu"), std::string::npos);
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

// 40 x 50 places of 20 channels are more than one part of the sum.
TEST(Prelu, SlopesThatLearnGetTheirGradientWithAnyNumberOfThreads) {
    torch::manual_seed(5);
    const torch::Tensor x =
        torch::randn({3, 20, 40, 50}).contiguous(torch::MemoryFormat::ChannelsLast);
    const torch::Tensor above = torch::randn({3, 20, 40, 50});
    const auto gradients = [&](int threads) {
        const int before = at::get_num_threads();
        at::set_num_threads(threads);
        const torch::Tensor at = x.detach().requires_grad_(true);
        const torch::Tensor slopes = torch::full({20}, 0.25).requires_grad_(true);
        auto both = torch::autograd::grad({parametric_relu(at, slopes)}, {at, slopes}, {above});
        at::set_num_threads(before);
        return both;
    };
    const auto one = gradients(1), three = gradients(3);
    EXPECT_TRUE(torch::equal(one[0], above * torch::where(x > 0, 1.0F, 0.25F)));
    EXPECT_TRUE(torch::allclose(one[1], (above * x.clamp_max(0)).sum({0, 2, 3}), 1e-4, 1e-3));
    EXPECT_TRUE(torch::equal(one[0], three[0]) && torch::equal(one[1], three[1]));
}

// Training multiplies in bfloat16 while the slopes stay float32.
TEST(Prelu, Bfloat16IsRoundedFromFloat32) {
    torch::manual_seed(7);
    const torch::Tensor x = (torch::randn({2, 8, 5, 7}) * 3)
                                .to(torch::kBFloat16)
                                .contiguous(torch::MemoryFormat::ChannelsLast);
    x[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
    x[0][0][0][1] = -std::numeric_limits<float>::infinity();
    const torch::Tensor slopes = torch::rand({8}).requires_grad_(true);
    const torch::Tensor above = torch::randn({2, 8, 5, 7});
    const torch::Tensor at = x.detach().requires_grad_(true);
    const torch::Tensor y = parametric_relu(at, slopes);
    ASSERT_EQ(y.scalar_type(), torch::kBFloat16);
    const torch::Tensor rounded = torch::prelu(x.to(torch::kFloat), slopes).to(torch::kBFloat16);
    EXPECT_TRUE(torch::allclose(y.to(torch::kFloat), rounded.to(torch::kFloat), 0, 0, true));
    const auto gradients = torch::autograd::grad({y}, {at, slopes}, {above.to(torch::kBFloat16)});
    const torch::Tensor& below = gradients[0];
    const torch::Tensor expected =
        above.to(torch::kBFloat16).to(torch::kFloat) *
        torch::where(x.to(torch::kFloat) > 0, torch::ones({}), slopes.view({1, -1, 1, 1}));
    EXPECT_TRUE(torch::equal(below, expected.to(torch::kBFloat16)));
    ASSERT_EQ(gradients[1].scalar_type(), torch::kFloat);
    const torch::Tensor of_slopes =
        (above.to(torch::kBFloat16).to(torch::kFloat) * x.to(torch::kFloat).clamp_max(0))
            .sum({0, 2, 3});
    EXPECT_TRUE(torch::isnan(gradients[1][0]).item<bool>()) << "from the NaN in its channel";
    EXPECT_TRUE(torch::allclose(gradients[1].slice(0, 1), of_slopes.slice(0, 1), 1e-4, 1e-4));
}

}  // namespace
}  // namespace lowkey::model
