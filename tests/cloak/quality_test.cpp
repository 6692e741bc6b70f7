// The measures against plain loops that follow their definitions word by word.
#include "cloak/quality.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <cmath>
#include <vector>

#include "cloak/measure.h"
#include "tiny_recogniser.h"

namespace lowkey::cloak {
namespace {

double plain_dssim(const torch::Tensor& first, const torch::Tensor& second) {
    const auto a = first.accessor<double, 4>(), b = second.accessor<double, 4>();
    double weights[11][11], total = 0;
    for (int y = 0; y < 11; ++y)
        for (int x = 0; x < 11; ++x)
            total += weights[y][x] =
                std::exp(-((y - 5.0) * (y - 5) + (x - 5.0) * (x - 5)) / (2 * 1.5 * 1.5));
    double sum = 0;
    int count = 0;
    for (int c = 0; c < 3; ++c)
        for (int64_t y = 0; y + 11 <= first.size(2); ++y)
            for (int64_t x = 0; x + 11 <= first.size(3); ++x) {
                double ma = 0, mb = 0, va = 0, vb = 0, cov = 0;
                for (int i = 0; i < 11; ++i)
                    for (int j = 0; j < 11; ++j) {
                        ma += weights[i][j] / total * 255 * a[0][c][y + i][x + j];
                        mb += weights[i][j] / total * 255 * b[0][c][y + i][x + j];
                    }
                for (int i = 0; i < 11; ++i)
                    for (int j = 0; j < 11; ++j) {
                        const double w = weights[i][j] / total;
                        const double da = 255 * a[0][c][y + i][x + j] - ma;
                        const double db = 255 * b[0][c][y + i][x + j] - mb;
                        va += w * da * da;
                        vb += w * db * db;
                        cov += w * da * db;
                    }
                const double c1 = 6.5025, c2 = 58.5225;
                const double ssim = (2 * ma * mb + c1) * (2 * cov + c2) /
                                    ((ma * ma + mb * mb + c1) * (va + vb + c2));
                sum += (1 - ssim) / 2;
                ++count;
            }
    return sum / count;
}

double plain_chroma(const torch::Tensor& first, const torch::Tensor& second, double sigma) {
    const torch::Tensor difference = (second - first) * 255;
    const auto d = difference.accessor<double, 4>();
    const int64_t h = first.size(2), w = first.size(3);
    const int radius = static_cast<int>(std::ceil(3 * sigma));
    const auto reflected = [](int64_t i, int64_t n) {
        if (i < 0) i = -i;
        return i >= n ? 2 * n - 2 - i : i;
    };
    double squares = 0;
    for (int64_t y = 0; y < h; ++y)
        for (int64_t x = 0; x < w; ++x) {
            double rgb[3] = {}, total = 0;
            for (int i = -radius; i <= radius; ++i)
                for (int j = -radius; j <= radius; ++j) {
                    const double weight = std::exp(-(i * i + j * j) / (2 * sigma * sigma));
                    total += weight;
                    for (int c = 0; c < 3; ++c)
                        rgb[c] += weight * d[0][c][reflected(y + i, h)][reflected(x + j, w)];
                }
            const double r = rgb[0] / total, g = rgb[1] / total, b = rgb[2] / total;
            const double luma = 0.299 * r + 0.587 * g + 0.114 * b;
            const double cb = (b - luma) / 1.772, cr = (r - luma) / 1.402;
            squares += cb * cb + cr * cr;
        }
    return std::sqrt(squares / static_cast<double>(2 * h * w));
}

TEST(Quality, DssimEqualsThePlainDefinition) {
    const torch::Tensor clean = test_picture(40, 33, 1), other = test_picture(40, 33, 2);
    const torch::Tensor changed = clean * 0.8 + other * 0.2;
    const double expected = plain_dssim(clean, changed);
    ASSERT_GT(expected, 0.005);
    EXPECT_NEAR(SsimReference(clean).dssim_map(changed).mean().item<double>(), expected, 1e-9);
}

// Along random directions, by places weighted at random, against finite differences.
TEST(Quality, DssimHasTheGradientOfItsValues) {
    torch::manual_seed(1);
    const torch::Tensor clean = test_picture(30, 23, 1);
    const torch::Tensor changed = clean * 0.8 + test_picture(30, 23, 2) * 0.2;
    const SsimReference reference(clean);
    const torch::Tensor weights = torch::rand({3, 1, 20, 13}, torch::kFloat64);
    const auto value = [&](const torch::Tensor& picture) {
        return (reference.dssim_map(picture) * weights).sum();
    };
    const torch::Tensor leaf = changed.clone().requires_grad_(true);
    const torch::Tensor gradient = torch::autograd::grad({value(leaf)}, {leaf}).front();
    for (int i = 0; i < 5; ++i) {
        const torch::Tensor step = torch::randn_like(changed) * 1e-5;
        const double expected = (value(changed + step) - value(changed - step)).item<double>() / 2;
        EXPECT_NEAR((gradient * step).sum().item<double>(), expected, 1e-5 * std::abs(expected));
    }
}

TEST(Quality, DssimOfAPictureWithItselfIsZero) {
    const torch::Tensor clean = test_picture(20, 20, 1);
    EXPECT_NEAR(SsimReference(clean).dssim_map(clean).abs().max().item<double>(), 0, 1e-9);
}

TEST(Quality, PicturesSmallerThanTheWindowStillHaveAValue) {
    const torch::Tensor clean = test_picture(7, 30, 1), changed = test_picture(7, 30, 2);
    EXPECT_GT(SsimReference(clean).dssim_map(changed).mean().item<double>(), 0.01);
}

TEST(Quality, ChromaEqualsThePlainDefinition) {
    const torch::Tensor clean = test_picture(60, 50, 1), other = test_picture(60, 50, 2);
    const torch::Tensor changed = clean * 0.9 + other * 0.1;
    const double sigma = 2.4;
    const ChromaMeasure measure(60, 50, sigma, clean.options());
    const double expected = plain_chroma(clean, changed, sigma);
    // The measure samples what the Gaussian left every sigma pixels.
    EXPECT_NEAR(measure(changed - clean).item<double>(), expected, 0.05 * expected);
}

TEST(Quality, ChromaOfAGreyChangeIsZero) {
    const ChromaMeasure measure(30, 30, 1.5, torch::TensorOptions().dtype(torch::kFloat64));
    const torch::Tensor grey = test_picture(30, 30, 1).narrow(1, 0, 1).expand({1, 3, 30, 30});
    EXPECT_LT(measure(grey * 0.1).item<double>(), 1e-3);
}

// The report's own implementation, on rounded pictures and in strips, against the plain one.
TEST(Quality, ReportAgreesWithThePlainDefinitions) {
    const int height = 290, width = 40;  // more than one strip high
    const torch::Tensor clean = test_picture(height, width, 1);
    const torch::Tensor changed = clean * 0.95 + test_picture(height, width, 2) * 0.05;
    Picture pictures[2] = {Picture(width, height, {}), Picture(width, height, {})};
    torch::Tensor rounded[2];
    for (int i = 0; i < 2; ++i) {
        const torch::Tensor bytes = ((i == 0 ? clean : changed) * 255)
                                        .round()
                                        .to(torch::kUInt8)
                                        .squeeze(0)
                                        .permute({1, 2, 0})
                                        .contiguous();
        rounded[i] = bytes.permute({2, 0, 1}).unsqueeze(0).to(torch::kFloat64) / 255;
        std::memcpy(pictures[i].row(0), bytes.data_ptr(), pictures[i].size_bytes());
    }
    const Quality quality = measure_quality(pictures[0].view(), pictures[1].view(),
                                            {0, 0, width, height}, nullptr, torch::kCPU);
    const torch::Tensor difference = rounded[1] - rounded[0];
    EXPECT_NEAR(quality.dssim, plain_dssim(rounded[0], rounded[1]), 2e-5);
    EXPECT_NEAR(quality.linf, difference.abs().max().item<double>(), 1e-6);
    EXPECT_NEAR(quality.psnr, -10 * std::log10(difference.square().mean().item<double>()), 1e-3);
    const double chroma = plain_chroma(rounded[0], rounded[1], 0.02 * height);
    EXPECT_NEAR(quality.chroma, chroma, 0.1 * chroma);
}

}  // namespace
}  // namespace lowkey::cloak
