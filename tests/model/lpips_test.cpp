#include "model/lpips.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "convert/convert.h"
#include "convert/random.h"
#include "model/lpips_network.h"
#include "model/pack.h"
#include "temporary_folder.h"

namespace lowkey::model {
namespace {

using lowkey::testing::TemporaryFolder;

const std::filesystem::path kSharedModels = std::filesystem::path(LOWKEY_SHARED) / "models";

// The example in torchmetrics' documentation of LPIPS with SqueezeNet.
TEST(Lpips, SqueezeGivesThePublishedValue) {
    if (!std::filesystem::exists(kSharedModels)) GTEST_SKIP() << "../shared is not here";
    const TemporaryFolder folder;
    convert::convert_pack(kSharedModels, folder.path(), Storage::float32);
    const auto pack = load_pack(folder.path(), torch::kCPU);
    torch::manual_seed(123);
    const auto a = torch::rand({10, 3, 100, 100});
    const auto b = torch::rand({10, 3, 100, 100});
    const torch::NoGradGuard no_grad;
    const auto distances = pack.perceptual->distance(a, b);
    ASSERT_EQ(distances.sizes(), (torch::IntArrayRef{10}));
    EXPECT_NEAR(distances.mean().item<double>(), 0.1008, 5e-5);
    const auto prepared = pack.perceptual->distance_to(pack.perceptual->prepare(a), b);
    EXPECT_TRUE(torch::allclose(prepared, distances, 1e-5, 1e-7));
}

class Backbone : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        torch::manual_seed(5);
        network_ = std::make_shared<LpipsNetwork>(GetParam(), 0.25);
        perceptual_ = make_perceptual(network_);
    }
    std::shared_ptr<LpipsNetwork> network_;
    std::unique_ptr<Perceptual> perceptual_;
};

TEST_P(Backbone, IsADistanceFromSixteenPixelsUp) {
    const torch::NoGradGuard no_grad;
    for (const auto& [height, width] : {std::pair{16, 16}, {17, 40}, {112, 96}, {33, 250}}) {
        const auto a = torch::rand({2, 3, height, width}), b = torch::rand({2, 3, height, width});
        const auto ab = perceptual_->distance(a, b);
        EXPECT_TRUE((ab > 0).all().item<bool>()) << height << "x" << width;
        EXPECT_TRUE(torch::allclose(ab, perceptual_->distance(b, a))) << height << "x" << width;
        EXPECT_EQ(perceptual_->distance(a, a).abs().max().item<double>(), 0);
    }
}

// A flat picture makes layers of zeros, where the length of the features has no gradient.
TEST_P(Backbone, GradientIsFiniteEverywhere) {
    const auto a = torch::rand({1, 3, 48, 48});
    for (auto b : {torch::rand({1, 3, 48, 48}), torch::zeros({1, 3, 48, 48}), a.clone()}) {
        b.set_requires_grad(true);
        perceptual_->distance(a, b).sum().backward();
        EXPECT_TRUE(torch::isfinite(b.grad()).all().item<bool>());
    }
}

TEST_P(Backbone, GradientIsThatOfCentralDifferences) {
    network_->to(torch::kFloat64);
    const auto a = torch::rand({1, 3, 32, 32}, torch::kFloat64);
    auto b = torch::rand({1, 3, 32, 32}, torch::kFloat64).set_requires_grad(true);
    perceptual_->distance(a, b).sum().backward();
    const torch::NoGradGuard no_grad;
    const auto direction = torch::randn_like(b);
    const double step = 1e-6;
    const auto value = [&](double t) {
        return perceptual_->distance(a, b + t * direction).sum().item<double>();
    };
    const double numeric = (value(step) - value(-step)) / (2 * step);
    EXPECT_NEAR((b.grad() * direction).sum().item<double>(), numeric,
                1e-4 * std::abs(numeric) + 1e-9);
}

INSTANTIATE_TEST_SUITE_P(All, Backbone, ::testing::Values("squeeze", "alex", "vgg", "lowkey"),
                         [](const auto& info) { return info.param; });

// Shapes of the published backbones: torchvision's "features" parts and the channels LPIPS taps.
TEST(Lpips, BackbonesHaveThePublishedSizes) {
    const auto count = [](const char* backbone) {
        std::int64_t sum = 0;
        for (const auto& parameter : LpipsNetwork(backbone, 1).parameters())
            sum += parameter.numel();
        return sum;
    };
    EXPECT_EQ(count("squeeze"), 722496 + 64 + 128 + 256 + 384 + 384 + 512 + 512);
    EXPECT_EQ(count("alex"), 2469696 + 64 + 192 + 384 + 256 + 256);
    EXPECT_EQ(count("vgg"), 14714688 + 64 + 128 + 256 + 512 + 512);
}

}  // namespace
}  // namespace lowkey::model
