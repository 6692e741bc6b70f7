// The warp against plain double-precision formulas: area averages, analytic functions, differences.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "face/alignment.h"

namespace lowkey::face {
namespace {

// crop pixel -> image pixel: `scale` image pixels a crop pixel, turned, crop centre at (x, y).
cv::Matx23d similarity(double scale, double degrees, double x, double y, double centre = 55.5) {
    const double c = scale * std::cos(degrees * CV_PI / 180),
                 s = scale * std::sin(degrees * CV_PI / 180);
    return {c, -s, x - (c - s) * centre, s, c, y - (s + c) * centre};
}

// A sum of waves whose shortest period is `period`, on a plane in [0, 1].
double wave(double x, double y, double period) {
    const double f = 2 * CV_PI / period;
    return 0.5 + 0.2 * std::sin(f * x + 0.3) * std::cos(0.7 * f * y) +
           0.2 * std::sin(f * (0.6 * x - 0.8 * y) + 1);
}

torch::Tensor wave_image(int height, int width, double period,
                         torch::Dtype dtype = torch::kDouble) {
    const double f = 2 * CV_PI / period;
    const torch::Tensor x = torch::arange(width, torch::kDouble).view({1, width});
    const torch::Tensor y = torch::arange(height, torch::kDouble).view({height, 1});
    const torch::Tensor plane = 0.5 + 0.2 * torch::sin(f * x + 0.3) * torch::cos(0.7 * f * y) +
                                0.2 * torch::sin(f * (0.6 * x - 0.8 * y) + 1);
    return plane.view({1, 1, height, width}).to(dtype);
}

// The mean of wave() over each crop pixel's square, 16 x 16 points of it.
torch::Tensor area_reference(const cv::Matx23d& m, int size, double period) {
    torch::Tensor result = torch::zeros({size, size}, torch::kDouble);
    auto cells = result.accessor<double, 2>();
    constexpr int points = 16;
    for (int v = 0; v < size; ++v)
        for (int u = 0; u < size; ++u)
            for (int i = 0; i < points * points; ++i) {
                const double a = u + (i % points + 0.5) / points - 0.5,
                             b = v + (i / points + 0.5) / points - 0.5;
                cells[v][u] += wave(m(0, 0) * a + m(0, 1) * b + m(0, 2),
                                    m(1, 0) * a + m(1, 1) * b + m(1, 2), period) /
                               (points * points);
            }
    return result;
}

double largest(const torch::Tensor& difference) {
    return difference.abs().max().item<double>();
}

TEST(Warp, IdentityAndWholePixelShiftsCopyPixels) {
    torch::manual_seed(1);
    const torch::Tensor image = torch::rand({2, 3, 112, 130}, torch::kDouble);
    EXPECT_LT(largest(warp(image, {1, 0, 0, 0, 1, 0}, 112, 130) - image), 1e-12);
    EXPECT_LT(
        largest(warp(image, {1, 0, 7, 0, 1, 5}, 50, 60) - image.slice(2, 5, 55).slice(3, 7, 67)),
        1e-12);
    EXPECT_LT(largest(warp(image.to(torch::kFloat), {1, 0, 0, 0, 1, 0}, 112, 130) - image), 3e-5);
}

TEST(Warp, QuarterTurnMovesPixelsExactly) {
    const torch::Tensor image = torch::rand({1, 1, 40, 40}, torch::kDouble);
    const torch::Tensor turned = warp(image, {0, -1, 39, 1, 0, 0}, 40, 40);
    EXPECT_LT(largest(turned - image.rot90(1, {2, 3})), 1e-12);
}

TEST(Warp, AFlatImageStaysFlatAtEveryScale) {
    const torch::Tensor image = torch::full({1, 3, 700, 900}, 0.37, torch::kDouble);
    for (double scale : {0.2, 1.0, 1.3, 1.7, 2.5, 5.0, 8.1, 20.0, 60.0})
        EXPECT_LT(largest(warp(image, similarity(scale, 17, 450, 350), 112, 112) - 0.37), 1e-12)
            << scale;
}

struct AreaCase {
    double scale, degrees;
};

class WarpArea : public testing::TestWithParam<AreaCase> {};

// Waves of eight crop pixels, the detail that survives in a crop: within 1/255 of the area's mean.
// Below a scale of 2.5 the bilinear sample, whose blur depends on where it falls, is most of the
// filter: 2.5/255.
TEST_P(WarpArea, FollowsTheAreaMeanOfEachCropPixel) {
    const auto [scale, degrees] = GetParam();
    const int size = 48;
    const int side = static_cast<int>(std::ceil(scale * size * 1.5)) + 40;
    const cv::Matx23d m =
        similarity(scale, degrees, side * 0.5 + 0.3, side * 0.5 - 0.2, (size - 1) / 2.0);
    const double period = 8 * scale;
    const torch::Tensor result = warp(wave_image(side, side, period), m, size, size)[0][0];
    EXPECT_LT(largest(result - area_reference(m, size, period)), (scale < 2.5 ? 2.5 : 1.0) / 255);
}

INSTANTIATE_TEST_SUITE_P(Scales, WarpArea,
                         testing::Values(AreaCase{1.5, 0}, AreaCase{1.5, 20}, AreaCase{2, 10},
                                         AreaCase{2.7, -30}, AreaCase{3.99, 5}, AreaCase{4.01, 5},
                                         AreaCase{7.9, 45}, AreaCase{8.1, 45}, AreaCase{12.3, 12},
                                         AreaCase{27, 3}, AreaCase{40, -20}));

// Just below and just above each change of the pooling factor.
TEST(Warp, ResultDoesNotJumpWithScale) {
    torch::manual_seed(2);
    for (double scale : {std::sqrt(2.0), 3.0, 6.0, 9.0, 12.0, 24.0}) {
        const double period = 8 * scale;
        const torch::Tensor image = wave_image(1800, 1800, period);
        const torch::Tensor below =
            warp(image, similarity(scale - 1e-6, 8, 900, 900, 23.5), 48, 48);
        const torch::Tensor above =
            warp(image, similarity(scale + 1e-6, 8, 900, 900, 23.5), 48, 48);
        EXPECT_LT(largest(below - above), 1.0 / 255) << scale;
    }
}

// Detail finer than the crop can show must not turn into false detail: noise averages out.
TEST(Warp, NoiseAveragesOutAsOverAnArea) {
    torch::manual_seed(3);
    const torch::Tensor image = torch::rand({1, 1, 1500, 1500}, torch::kDouble);
    const double noise = image.std().item<double>();
    for (double scale : {3.0, 6.0, 10.0}) {
        const double left =
            warp(image, similarity(scale, 25, 750, 750), 112, 112).std().item<double>();
        EXPECT_LT(left, 1.2 * noise / scale) << scale;
        EXPECT_GT(left, 0.5 * noise / scale) << scale;
    }
}

class WarpGradient : public testing::TestWithParam<AreaCase> {};

TEST_P(WarpGradient, MatchesCentralDifferences) {
    const auto [scale, degrees] = GetParam();
    torch::manual_seed(4);
    torch::Tensor image = torch::rand({1, 2, 61, 53}, torch::kDouble).requires_grad_();
    const cv::Matx23d m = similarity(scale, degrees, 26, 30, 5.5);
    const torch::Tensor weights = torch::rand({1, 2, 12, 12}, torch::kDouble);
    const auto value = [&](const torch::Tensor& picture) {
        return (warp(picture, m, 12, 12).pow(2) * weights).sum();
    };
    value(image).backward();
    const torch::Tensor gradient = image.grad().flatten();
    const torch::NoGradGuard no_gradient;
    constexpr double step = 1e-5;
    for (std::int64_t i = 0; i < gradient.numel(); i += 7) {
        torch::Tensor up = image.clone(), down = image.clone();
        up.flatten()[i] += step;
        down.flatten()[i] -= step;
        const double difference = (value(up) - value(down)).item<double>() / (2 * step);
        EXPECT_NEAR(gradient[i].item<double>(), difference, 1e-8) << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Scales, WarpGradient,
                         testing::Values(AreaCase{0.5, 10}, AreaCase{1, 0}, AreaCase{1.8, 30},
                                         AreaCase{3.5, -12}, AreaCase{4.6, 45}, AreaCase{9, 5}));

class WarpCoverage : public testing::TestWithParam<AreaCase> {};

// Share of the image pixels inside the crop's outline that get a gradient.
TEST_P(WarpCoverage, EveryPixelUnderTheCropGetsGradient) {
    const auto [scale, degrees] = GetParam();
    const int side = static_cast<int>(112 * scale * 1.45) + 20;
    const cv::Matx23d m = similarity(scale, degrees, side / 2.0 + 0.4, side / 2.0 - 0.3);
    torch::Tensor image = torch::rand({1, 1, side, side}).requires_grad_();
    warp(image, m, 112, 112).sum().backward();
    cv::Matx33d full(m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2), 0, 0, 1);
    const cv::Matx33d back = full.inv();
    const torch::Tensor gradient = image.grad()[0][0];
    const auto cells = gradient.accessor<float, 2>();
    long under = 0, reached = 0;
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            const double u = back(0, 0) * x + back(0, 1) * y + back(0, 2);
            const double v = back(1, 0) * x + back(1, 1) * y + back(1, 2);
            if (u < 0 || v < 0 || u > 111 || v > 111) continue;
            ++under;
            reached += cells[y][x] != 0 ? 1 : 0;
        }
    ASSERT_GT(under, 0);
    RecordProperty("share", std::to_string(static_cast<double>(reached) / under));
    EXPECT_GT(static_cast<double>(reached) / under, 0.99);
}

// 26.8 is a face 3000 px high, 40 a region of 4500 px.
INSTANTIATE_TEST_SUITE_P(Scales, WarpCoverage,
                         testing::Values(AreaCase{1.2, 0}, AreaCase{1.41, 45}, AreaCase{2, 45},
                                         AreaCase{3, 45}, AreaCase{5.9, 45}, AreaCase{6, 45},
                                         AreaCase{8, 45}, AreaCase{26.8, 0}, AreaCase{26.8, 45},
                                         AreaCase{40, 10}));

TEST(Warp, TinyFaceIsEnlargedSmoothly) {
    const torch::Tensor image = wave_image(40, 40, 20);
    const cv::Matx23d m = similarity(20.0 / 112, 10, 20, 20);
    const torch::Tensor crop = warp(image, m, 112, 112);
    EXPECT_EQ(crop.sizes(), (std::vector<std::int64_t>{1, 1, 112, 112}));
    EXPECT_LT(largest(crop.slice(3, 1) - crop.slice(3, 0, -1)), 0.03);
    EXPECT_NEAR(
        crop[0][0][55][55].item<double>(),
        wave(m(0, 0) * 55 + m(0, 1) * 55 + m(0, 2), m(1, 0) * 55 + m(1, 1) * 55 + m(1, 2), 20),
        0.01);
}

TEST(Warp, OutsideTheImageAreItsEdgeValues) {
    torch::Tensor image = torch::zeros({1, 1, 30, 30}, torch::kDouble);
    image.slice(3, 20).fill_(1);
    for (double scale : {0.5, 1.0, 3.0, 9.0}) {
        EXPECT_LT(largest(warp(image, {scale, 0, 100, 0, scale, -400}, 16, 16) - 1), 1e-12)
            << scale;
        EXPECT_LT(largest(warp(image, {scale, 0, -600, 0, scale, 100}, 16, 16)), 1e-12) << scale;
    }
}

TEST(Warp, AOnePixelImageIsLegal) {
    const torch::Tensor image = torch::full({1, 3, 1, 1}, 0.25, torch::kDouble);
    EXPECT_LT(largest(warp(image, similarity(0.1, 0, 0, 0), 112, 112) - 0.25), 1e-12);
    EXPECT_LT(largest(warp(image, similarity(10, 0, 0, 0), 112, 112) - 0.25), 1e-12);
}

TEST(Warp, AgreesBetweenInputSizes) {
    const torch::Tensor image = wave_image(500, 500, 60);
    const cv::Matx23d m = similarity(3.1, 12, 250, 240);
    const torch::Tensor full = warp(image, m, 112, 112);
    const torch::Tensor narrow = warp(image, crop_to_picture(m, {96, 112, 8, 0, 1}), 112, 96);
    EXPECT_LT(largest(narrow - full.slice(3, 8, 104)), 1e-9);
    for (int size : {128, 160}) {
        const double step = 112.0 / size, offset = (step - 1) / 2;
        const cv::Matx23d finer = crop_to_picture(m, {size, size, offset, offset, step});
        const torch::Tensor crop = warp(image, finer, size, size);
        EXPECT_EQ(crop.size(3), size);
        EXPECT_NEAR(crop.mean().item<double>(), full.mean().item<double>(), 2e-3) << size;
    }
}

TEST(Warp, FloatFollowsDouble) {
    const torch::Tensor image = wave_image(2000, 2000, 100);
    const cv::Matx23d m = similarity(14.3, 21, 1000, 990);
    EXPECT_LT(largest(warp(image.to(torch::kFloat), m, 112, 112) - warp(image, m, 112, 112)), 1e-4);
}

}  // namespace
}  // namespace lowkey::face
