#include "cloak/working_scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

#include "cloak/filters.h"
#include "cloak/measure.h"

namespace lowkey::cloak {
namespace {

Picture noise(int width, int height, PixelFormat format, unsigned seed) {
    Picture picture(width, height, format);
    std::mt19937 random(seed);
    for (int y = 0; y < height; ++y) {
        for (std::size_t i = 0; i < picture.stride(); ++i) {
            picture.row(y)[i] = static_cast<std::byte>(random() & 0xff);
        }
    }
    return picture;
}

cv::Mat full_cover(const Rect& part) {
    return cv::Mat(part.height, part.width, CV_32FC1, 1.0F);
}

TEST(WorkingScale, FactorFollowsTheFace) {
    EXPECT_EQ(working_factor(30), 1);
    EXPECT_EQ(working_factor(kWorkingSpan), 1);
    EXPECT_EQ(working_factor(2 * kWorkingSpan), 2);
    EXPECT_EQ(working_factor(4800), static_cast<int>(std::lround(4800 / kWorkingSpan)));
}

TEST(WorkingScale, BlocksAreMeansAlsoWherePartial) {
    const Picture picture = noise(23, 37, {}, 1);
    const Rect region{3, 5, 17, 31};
    const cv::Mat reduced = reduce(picture.view(), region, 4);
    ASSERT_EQ(reduced.size(), cv::Size(5, 8));
    for (const auto& [bx, by] : {std::pair{0, 0}, {4, 0}, {2, 7}, {4, 7}}) {
        double sum = 0;
        int count = 0;
        for (int y = by * 4; y < std::min(31, by * 4 + 4); ++y) {
            for (int x = bx * 4; x < std::min(17, bx * 4 + 4); ++x, ++count) {
                sum += std::to_integer<int>(picture.row(5 + y)[3 * (3 + x) + 1]) / 255.0;
            }
        }
        EXPECT_NEAR(reduced.at<cv::Vec3f>(by, bx)[1], sum / count, 1e-5);
    }
}

TEST(WorkingScale, NotANumberIsReadAsBlack) {
    Picture picture(4, 4, {Sample::f32, Channels::rgb, Encoding::encoded});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(picture.row(1) + 12, &nan, sizeof nan);
    EXPECT_TRUE(cv::checkRange(reduce(picture.view(), {0, 0, 4, 4}, 2)));
}

// What reaches the photo never exceeds the coefficients, and the working picture that the optimiser
// saw is what block means of the photo show.
TEST(WorkingScale, SplineKeepsTheBoundAndThePrediction) {
    const int factor = 5, nodes = 14, size = factor * nodes;
    Picture photo(size, size, {Sample::f32, Channels::rgb, Encoding::encoded});
    cv::Mat coefficients(nodes, nodes, CV_32FC3);
    cv::theRNG().state = 7;
    cv::randu(coefficients, cv::Scalar::all(-0.1), cv::Scalar::all(0.1));
    for (int y = 0; y < size; ++y) {
        auto* row = reinterpret_cast<float*>(photo.row(y));
        std::fill(row, row + 3 * size, 0.5F);
    }
    add_spline(photo, {0, 0, size, size}, factor, coefficients, full_cover);
    double largest = 0;
    for (int y = 0; y < size; ++y) {
        const auto* row = reinterpret_cast<const float*>(photo.row(y));
        for (int i = 0; i < 3 * size; ++i) largest = std::max(largest, std::abs(row[i] - 0.5));
    }
    EXPECT_LE(largest, cv::norm(coefficients, cv::NORM_INF) + 1e-6);
    EXPECT_GT(largest, 0.03);

    const torch::Tensor matrix = spline_matrix(nodes, factor, torch::kFloat32);
    const torch::Tensor predicted = filter(matrix, matrix, to_tensor(coefficients, torch::kCPU));
    const torch::Tensor seen =
        to_tensor(reduce(photo.view(), {0, 0, size, size}, factor), torch::kCPU) - 0.5;
    EXPECT_LT((predicted - seen).abs().max().item<double>(), 1e-5);
}

TEST(WorkingScale, PixelsOutsideTheCoverKeepTheirBits) {
    for (const Sample sample : {Sample::u8, Sample::u16}) {
        for (const int factor : {1, 3}) {
            const PixelFormat format{sample, Channels::rgba, Encoding::encoded};
            Picture photo = noise(60, 60, format, 3);
            const Picture before = photo;
            const Rect region{6, 9, 48, 42};
            const cv::Mat coefficients(42 / factor, 48 / factor, CV_32FC3, cv::Scalar::all(0.1));
            // The left half of the region only.
            add_spline(photo, region, factor, coefficients, [](const Rect& part) {
                cv::Mat cover(part.height, part.width, CV_32FC1, 0.0F);
                cover.colRange(0, part.width / 2).setTo(1);
                return cover;
            });
            int changed = 0;
            const std::size_t pixel = bytes_per_pixel(format);
            for (int y = 0; y < 60; ++y) {
                for (int x = 0; x < 60; ++x) {
                    const bool same = std::memcmp(photo.row(y) + pixel * x,
                                                  before.row(y) + pixel * x, pixel) == 0;
                    const bool covered = y >= 9 && y < 51 && x >= 6 && x < 30;
                    EXPECT_TRUE(same || covered) << x << ' ' << y;
                    changed += !same;
                }
            }
            EXPECT_GT(changed, 900);  // most of the 1008 covered pixels; those near white clip
        }
    }
}

}  // namespace
}  // namespace lowkey::cloak
