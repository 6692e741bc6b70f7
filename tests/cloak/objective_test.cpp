// The objective against plain formulas and its gradient against central differences.
#include "cloak/objective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <cmath>

#include "tiny_recogniser.h"

namespace lowkey::cloak {
namespace {

using Vector = std::vector<double>;

Vector values(const torch::Tensor& row) {
    const torch::Tensor flat = row.to(torch::kFloat64).contiguous().flatten();
    return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

// The published embedding and the equation, in loops over plain numbers. The smoothing is a second
// implementation of G; the networks and the warp are the ones under test elsewhere.
torch::Tensor plainly_smoothed(const torch::Tensor& crop) {
    torch::Tensor result = torch::zeros_like(crop);
    const int64_t n = crop.size(2), m = crop.size(3);
    const auto in = crop.accessor<double, 4>();
    auto out = result.accessor<double, 4>();
    const auto reflected = [](int64_t i, int64_t size) {
        if (i < 0) i = -i;
        return i >= size ? 2 * size - 2 - i : i;
    };
    double total = 0;
    for (int dy = -3; dy <= 3; ++dy)
        for (int dx = -3; dx <= 3; ++dx) total += std::exp(-(dx * dx + dy * dy) / 18.0);
    for (int64_t c = 0; c < 3; ++c)
        for (int64_t y = 0; y < n; ++y)
            for (int64_t x = 0; x < m; ++x)
                for (int dy = -3; dy <= 3; ++dy)
                    for (int dx = -3; dx <= 3; ++dx)
                        out[0][c][y][x] += std::exp(-(dx * dx + dy * dy) / 18.0) / total *
                                           in[0][c][reflected(y + dy, n)][reflected(x + dx, m)];
    return result;
}

Vector published_embedding(TinyRecogniser& network, const torch::Tensor& crop) {
    const Vector a = values(network.embed(crop)), b = values(network.embed(crop.flip({3})));
    Vector sum(a.size());
    double norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum[i] = a[i] + b[i];
        norm += sum[i] * sum[i];
    }
    for (double& value : sum) value /= std::sqrt(norm);
    return sum;
}

double squared(const Vector& a, const Vector& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

double length(const Vector& a) {
    return std::sqrt(squared(a, Vector(a.size(), 0.0)));
}

TEST(Objective, ValueEqualsThePlainEquation) {
    TinyRecogniser first(1), second(2);
    const Ensemble ensemble({&first, &second});
    const torch::Tensor clean = test_picture(150, 160, 3), cloaked = test_picture(150, 160, 4);
    const cv::Matx23d transform = centred_transform(150, 160, 1.2);

    double expected = 0;
    for (TinyRecogniser* network : {&first, &second}) {
        const torch::Tensor x = face::warp(clean, transform, 112, 112);
        const torch::Tensor y = face::warp(cloaked, transform, 112, 112);
        const Vector reference = published_embedding(*network, x);
        expected += (squared(reference, published_embedding(*network, y)) +
                     squared(reference, published_embedding(*network, plainly_smoothed(y)))) /
                    length(reference);
    }
    expected /= 2 * 2;

    const auto reference = published_reference(ensemble, clean, transform);
    const double value = published_distance(ensemble, reference, cloaked, transform).item<double>();
    ASSERT_GT(expected, 1e-3) << "the two pictures must differ for the test to say anything";
    EXPECT_NEAR(value, expected, 1e-5 * expected);
}

TEST(Objective, OfTheCleanPictureIsOnlyTheSmoothing) {
    TinyRecogniser network(1);
    const Ensemble ensemble({&network});
    const torch::Tensor clean = test_picture(130, 130, 3);
    const cv::Matx23d transform = centred_transform(130, 130, 1);
    const auto reference = published_reference(ensemble, clean, transform);
    const torch::Tensor x = face::warp(clean, transform, 112, 112);
    const double expected = squared(published_embedding(network, x),
                                    published_embedding(network, plainly_smoothed(x))) /
                            2;
    EXPECT_NEAR(published_distance(ensemble, reference, clean, transform).item<double>(), expected,
                1e-9);
}

TEST(Objective, GradientEqualsCentralDifferencesThroughTheWarp) {
    TinyRecogniser first(5), second(6);
    const Ensemble ensemble({&first, &second});
    const torch::Tensor clean = test_picture(140, 150, 7);
    for (const double scale : {0.6, 1.1, 3.0}) {  // enlarged, near 1:1, antialiased
        const cv::Matx23d transform = centred_transform(140, 150, scale);
        const auto reference = published_reference(ensemble, clean, transform);
        torch::Tensor picture = test_picture(140, 150, 8).requires_grad_(true);
        const auto value = [&](const torch::Tensor& at) {
            return published_distance(ensemble, reference, at, transform);
        };
        const torch::Tensor gradient = torch::autograd::grad({value(picture)}, {picture}).front();
        const torch::NoGradGuard no_gradient;
        for (uint64_t seed = 0; seed < 4; ++seed) {
            const torch::Tensor direction = torch::randn(
                picture.sizes(), at::detail::createCPUGenerator(seed), torch::kFloat64);
            constexpr double h = 1e-5;
            const double difference =
                (value(picture + h * direction) - value(picture - h * direction)).item<double>() /
                (2 * h);
            const double expected = (gradient * direction).sum().item<double>();
            EXPECT_NEAR(difference, expected, 1e-5 * std::max(1e-3, std::abs(expected)))
                << "scale " << scale << ", direction " << seed;
        }
    }
}

TEST(Objective, TwoCheckpointsOfOneArchitectureStayTwoNetworks) {
    TinyRecogniser first(1), second(2);
    const Ensemble both({&first, &second});
    ASSERT_EQ(both.size(), 2U);
    const torch::Tensor picture = test_picture(120, 120, 3);
    const cv::Matx23d transform = centred_transform(120, 120, 1);
    const auto embeddings = both.embed(picture, transform, {View{}});
    EXPECT_FALSE(torch::allclose(embeddings[0], embeddings[1]));
    EXPECT_TRUE(
        torch::allclose(embeddings[0], Ensemble({&first}).embed(picture, transform, {View{}})[0]));
    EXPECT_TRUE(
        torch::allclose(embeddings[1], Ensemble({&second}).embed(picture, transform, {View{}})[0]));
}

// xiaoccer's 96 columns are cut out of the template crop; a warp of their own must agree.
TEST(Ensemble, CutCropsEqualWarpedOnes) {
    const face::CropGeometry narrow{96, 112, 8, 0, 1}, lopsided{90, 112, 3, 0, 1};
    const torch::Tensor picture = test_picture(150, 150, 3);
    const cv::Matx23d transform = centred_transform(150, 150, 1.2);
    for (const auto& crop : {narrow, lopsided}) {
        TinyRecogniser network(1, torch::kFloat64, crop);
        const torch::Tensor warped =
            face::warp(picture, face::crop_to_picture(transform, crop), crop.height, crop.width);
        const auto cut =
            Ensemble({&network}).embed(picture, transform, {View{}, View{.mirror = true}})[0];
        EXPECT_TRUE(torch::allclose(cut.narrow(0, 0, 1), network.embed(warped), 1e-6, 1e-7));
        EXPECT_TRUE(
            torch::allclose(cut.narrow(0, 1, 1), network.embed(warped.flip({3})), 1e-6, 1e-7));
    }
}

}  // namespace
}  // namespace lowkey::cloak
