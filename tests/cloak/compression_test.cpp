// JPEG within the optimisation gives what libjpeg gives, and its gradient knows what JPEG puts out.
#include "cloak/compression.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "cloak/measure.h"
#include "cloak/views.h"
#include "pictures.h"

namespace lowkey::cloak {
namespace {

torch::Tensor in_unit_range(const cv::Mat& rgb) {
    cv::Mat values;
    rgb.convertTo(values, CV_32F, 1.0 / 255);
    return to_tensor(values, torch::kCPU);
}

double root_mean_square(const torch::Tensor& difference) {
    return difference.square().mean().sqrt().item<double>() * 255;
}

cv::Mat face_crop(int x, int y, int width, int height) {
    return read_rgb(LOWKEY_TEST_DATA "/one_face.jpg")(cv::Rect(x, y, width, height)).clone();
}

cv::Mat through_libjpeg(const cv::Mat& rgb, int quality) {
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    std::vector<uchar> file;
    cv::imencode(".jpg", bgr, file, {cv::IMWRITE_JPEG_QUALITY, quality});
    cv::Mat back = cv::imdecode(file, cv::IMREAD_COLOR), result;
    cv::cvtColor(back, result, cv::COLOR_BGR2RGB);
    return result;
}

TEST(ThroughJpeg, GivesWhatLibjpegGives) {
    for (const auto& [width, height] : {std::pair(112, 112), std::pair(75, 61)}) {
        const cv::Mat photo = face_crop(200, 80, width, height);
        for (const int quality : {40, 75, 95}) {
            SCOPED_TRACE(testing::Message() << width << " x " << height << ", " << quality);
            const torch::Tensor clean = in_unit_range(photo);
            const torch::Tensor expected = in_unit_range(through_libjpeg(photo, quality));
            const torch::Tensor result = through_jpeg(clean, {static_cast<double>(quality), 0, 0});
            ASSERT_EQ(result.sizes(), clean.sizes());
            // What remains is libjpeg's integer arithmetic, and how it enlarges colour.
            EXPECT_LT(root_mean_square(result - expected),
                      0.5 + 0.25 * root_mean_square(expected - clean));
        }
    }
}

TEST(ThroughJpeg, BeginsItsBlocksWhereItIsTold) {
    const cv::Mat photo = face_crop(200, 80, 120, 120);
    const torch::Tensor whole = through_jpeg(in_unit_range(photo), {50, 0, 0});
    const torch::Tensor part =
        through_jpeg(in_unit_range(photo(cv::Rect(6, 2, 64, 64)).clone()), {50, 2, 6});
    const auto middle = [](const torch::Tensor& t, int64_t y, int64_t x) {
        return t.narrow(2, y, 32).narrow(3, x, 32);
    };
    EXPECT_LT(root_mean_square(middle(whole, 18, 22) - middle(part, 16, 16)), 0.01);
    const torch::Tensor elsewhere =
        through_jpeg(in_unit_range(photo(cv::Rect(6, 2, 64, 64)).clone()), {50, 0, 0});
    EXPECT_GT(root_mean_square(middle(whole, 18, 22) - middle(elsewhere, 16, 16)), 0.5);
}

// Grey with one pattern of a block's DCT, as strong as `share` quantiser steps: 68 each at
// quality 50 (table K.1, frequency 4, 4).
struct Pattern {
    torch::Tensor unit, picture;
    explicit Pattern(double share) {
        unit = torch::empty({1, 1, 8, 8});
        for (int y = 0; y < 8; ++y) {
            for (int x = 0; x < 8; ++x) {
                unit[0][0][y][x] = 0.25 * std::cos(M_PI * (2 * y + 1) * 4 / 16) *
                                   std::cos(M_PI * (2 * x + 1) * 4 / 16);
            }
        }
        picture = (128 + share * 68 * unit).expand({1, 3, 8, 8}).contiguous() / 255;
    }
    // Of the pattern in the result, after the pattern in the picture.
    double gradient() const {
        const torch::Tensor leaf = picture.clone().requires_grad_(true);
        const torch::Tensor result = (through_jpeg(leaf, {50, 0, 0}).mean(1, true) * unit).sum();
        const torch::Tensor of_leaf = torch::autograd::grad({result}, {leaf}).front();
        return (of_leaf.sum(1, true) * unit).sum().item<double>() /
               unit.square().sum().item<double>();
    }
};

TEST(ThroughJpeg, PutsOutWhatIsWeakerThanHalfAStep) {
    const Pattern weak(0.4), strong(0.9);
    EXPECT_LT(root_mean_square(through_jpeg(weak.picture, {50, 0, 0}) - 128.0 / 255), 0.01);
    EXPECT_GT(root_mean_square(through_jpeg(strong.picture, {50, 0, 0}) - 128.0 / 255), 5);
}

TEST(ThroughJpeg, PullsAtWhatItPutsOutTheLessTheWeakerItIs) {
    EXPECT_NEAR(Pattern(0.9).gradient(), 1, 0.02);
    EXPECT_NEAR(Pattern(0.4).gradient(), 0.64, 0.02);
    EXPECT_NEAR(Pattern(0.1).gradient(), 0.04, 0.02);
}

TEST(AsPosted, LeavesAViewWithoutResizeAndJpegAsItIs) {
    const torch::Tensor crop = in_unit_range(face_crop(200, 80, 112, 112));
    EXPECT_TRUE(torch::equal(as_posted(crop, View{.mirror = true}), crop));
}

TEST(AsPosted, CompressesWhatItHasShrunk) {
    const torch::Tensor crop = in_unit_range(face_crop(200, 80, 112, 112));
    const View small{.resize = 0.5}, jpeg{.jpeg = {60, 3, 5}};
    const View small_jpeg{.resize = 0.5, .jpeg = {60, 3, 5}};
    const auto lost = [&](const View& view) {
        return root_mean_square(as_posted(crop, view) - crop);
    };
    EXPECT_EQ(as_posted(crop, small_jpeg).sizes(), crop.sizes());
    EXPECT_GT(lost(small), 0.3);
    EXPECT_GT(lost(small_jpeg), lost(small));
    EXPECT_GT(lost(small_jpeg), lost(jpeg));
}

TEST(RandomView, PostsTwoFifthsAndIsTheSameForTheSameSeed) {
    Random random(1), again(1);
    int posted = 0, small = 0;
    for (int i = 0; i < 4000; ++i) {
        const View view = random_view(random), same = random_view(again);
        ASSERT_EQ(view.jpeg.quality, same.jpeg.quality);
        ASSERT_EQ(view.resize, same.resize);
        ASSERT_TRUE(view.blur == 0 || view.resize == 1);
        if (view.jpeg.quality == 0) {
            ASSERT_GE(view.resize, 0.7);
            continue;
        }
        ++posted;
        small += view.resize < 0.7;
        ASSERT_GE(view.resize, 0.5);
        ASSERT_GE(view.jpeg.quality, 60);
        ASSERT_LE(view.jpeg.quality, 95);
    }
    EXPECT_NEAR(posted / 4000.0, 0.4, 0.03);
    EXPECT_GT(small, 200);
    EXPECT_EQ(random_smooth_view(random).jpeg.quality, 0);
}

}  // namespace
}  // namespace lowkey::cloak
