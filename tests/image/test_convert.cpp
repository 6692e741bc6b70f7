#include <cmath>
#include <limits>

#include "fixture.h"
#include "image/convert.h"
#include "image/samples.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;

namespace {

Picture one_pixel(PixelFormat format, std::vector<double> values) {
    Picture picture(1, 1, format);
    for (std::size_t c = 0; c < values.size(); ++c) switch (format.sample) {
            case Sample::u8:
                reinterpret_cast<std::uint8_t*>(picture.row(0))[c] =
                    static_cast<std::uint8_t>(values[c]);
                break;
            case Sample::u16:
                reinterpret_cast<std::uint16_t*>(picture.row(0))[c] =
                    static_cast<std::uint16_t>(values[c]);
                break;
            case Sample::f32:
                reinterpret_cast<float*>(picture.row(0))[c] = static_cast<float>(values[c]);
                break;
        }
    return picture;
}

cv::Mat flat(int width, int height, float r, float g, float b) {
    return {height, width, CV_32FC3, cv::Scalar(r, g, b)};
}

constexpr Sample kSamples[] = {Sample::u8, Sample::u16, Sample::f32};
constexpr Channels kChannels[] = {Channels::grey, Channels::grey_alpha, Channels::rgb,
                                  Channels::rgba};

}  // namespace

TEST(Convert, ZeroDeltaKeepsEveryBitOfEveryFormat) {
    for (const Sample sample : kSamples)
        for (const Channels channels : kChannels)
            for (const Encoding encoding : {Encoding::encoded, Encoding::linear}) {
                Picture picture = gradient(17, 9, sample, channels);
                picture.set_encoding(encoding);
                const Picture before = picture;
                add_delta(picture, {2, 1, 10, 5}, flat(10, 5, 0, 0, 0));
                EXPECT_TRUE(same_bits(picture.view(), before.view()));
            }
}

TEST(Convert, DeltaStaysInsideItsRegionAndOffAlpha) {
    for (const Sample sample : kSamples) {
        Picture picture = gradient(17, 9, sample, Channels::rgba);
        const Picture before = picture;
        add_delta(picture, {2, 1, 10, 5}, flat(10, 5, 0.05F, -0.05F, 0.05F));
        for (int y = 0; y < 9; ++y)
            for (int x = 0; x < 17; ++x) {
                const bool inside = x >= 2 && x < 12 && y >= 1 && y < 6;
                EXPECT_EQ(sample_at(picture.view(), x, y, 3), sample_at(before.view(), x, y, 3));
                const double moved =
                    sample_at(picture.view(), x, y, 1) - sample_at(before.view(), x, y, 1);
                EXPECT_NEAR(moved, inside ? -0.05 : 0, inside ? 0.5 / 255 + 1e-6 : 0);
            }
    }
}

TEST(Convert, RoundsToNearestAndClamps) {
    Picture picture = one_pixel({Sample::u8, Channels::rgb, Encoding::encoded}, {100, 254, 1});
    add_delta(picture, {0, 0, 1, 1}, flat(1, 1, 0.6F / 255, 2.0F / 255, -2.0F / 255));
    EXPECT_EQ(std::to_integer<int>(picture.row(0)[0]), 101);
    EXPECT_EQ(std::to_integer<int>(picture.row(0)[1]), 255);
    EXPECT_EQ(std::to_integer<int>(picture.row(0)[2]), 0);
    add_delta(picture, {0, 0, 1, 1}, flat(1, 1, 0.4F / 255, 0, 0));
    EXPECT_EQ(std::to_integer<int>(picture.row(0)[0]), 101);
}

TEST(Convert, GreyMovesByTheLumaOfTheDelta) {
    Picture picture = one_pixel({Sample::u16, Channels::grey, Encoding::encoded}, {30000});
    add_delta(picture, {0, 0, 1, 1}, flat(1, 1, 0.1F, 0.02F, -0.05F));
    const double luma = 0.299 * 0.1 + 0.587 * 0.02 - 0.114 * 0.05;
    EXPECT_NEAR(reinterpret_cast<const std::uint16_t*>(picture.row(0))[0], 30000 + luma * 65535, 1);
}

TEST(Convert, LinearLightMovesAlongTheDisplayCurve) {
    Picture picture =
        one_pixel({Sample::f32, Channels::rgb, Encoding::linear}, {0.2140, 0.2140, 0.2140});
    const cv::Mat before = region_to_float(picture.view(), {0, 0, 1, 1});
    EXPECT_NEAR(before.at<cv::Vec3f>(0, 0)[0], 0.5, 1e-3);  // linear 0.214 is displayed as 0.5
    add_delta(picture, {0, 0, 1, 1}, flat(1, 1, 0.1F, 0, -0.6F));
    const cv::Mat after = region_to_float(picture.view(), {0, 0, 1, 1});
    EXPECT_NEAR(after.at<cv::Vec3f>(0, 0)[0], before.at<cv::Vec3f>(0, 0)[0] + 0.1, 1e-5);
    EXPECT_EQ(after.at<cv::Vec3f>(0, 0)[1], before.at<cv::Vec3f>(0, 0)[1]);
    EXPECT_EQ(after.at<cv::Vec3f>(0, 0)[2], 0);
}

TEST(Convert, NanAndInfinityNeitherSpreadNorChange) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    Picture picture =
        one_pixel({Sample::f32, Channels::rgba, Encoding::linear}, {nan, infinity, 0.5, 1});
    const cv::Mat seen = region_to_float(picture.view(), {0, 0, 1, 1});
    EXPECT_EQ(seen.at<cv::Vec3f>(0, 0)[0], 0);
    EXPECT_EQ(seen.at<cv::Vec3f>(0, 0)[1], 1);
    EXPECT_EQ(to_rgb8(picture.view()).at<cv::Vec3b>(0, 0)[0], 0);
    EXPECT_EQ(to_rgb8(picture.view()).at<cv::Vec3b>(0, 0)[1], 255);
    add_delta(picture, {0, 0, 1, 1}, flat(1, 1, 0.1F, 0.1F, nan));
    const auto* values = reinterpret_cast<const float*>(picture.row(0));
    EXPECT_TRUE(std::isnan(values[0]));
    EXPECT_EQ(values[1], infinity);
    EXPECT_EQ(values[2], 0.5F);
}

TEST(Convert, HighlightsBeyondWhiteAreNotCut) {
    Picture picture = one_pixel({Sample::f32, Channels::rgb, Encoding::encoded}, {1.7, -0.2, 0.5});
    add_delta(picture, {0, 0, 1, 1}, flat(1, 1, -0.1F, 0.1F, 0.1F));
    const auto* values = reinterpret_cast<const float*>(picture.row(0));
    EXPECT_NEAR(values[0], 1.6, 1e-6);
    EXPECT_NEAR(values[1], -0.1, 1e-6);
    EXPECT_NEAR(values[2], 0.6, 1e-6);
}

TEST(Convert, AllFormatsLookAlikeToTheNetworks) {
    const Picture reference = gradient(33, 21, Sample::f32, Channels::rgb);
    const Rect all{0, 0, 33, 21};
    const cv::Mat expected = region_to_float(reference.view(), all);
    for (const Sample sample : kSamples)
        for (const Channels channels : {Channels::rgb, Channels::rgba}) {
            const Picture picture = gradient(33, 21, sample, channels);
            EXPECT_LE(cv::norm(region_to_float(picture.view(), all), expected, cv::NORM_INF),
                      1.0 / 255 + 1e-6);
            cv::Mat eight;
            to_rgb8(picture.view()).convertTo(eight, CV_32F, 1 / 255.0);
            EXPECT_LE(cv::norm(eight, expected, cv::NORM_INF), 1.0 / 255 + 1e-6);
        }
    const Picture grey = gradient(33, 21, Sample::u8, Channels::grey);
    const cv::Mat spread = region_to_float(grey.view(), all);
    EXPECT_EQ(spread.at<cv::Vec3f>(5, 7)[0], spread.at<cv::Vec3f>(5, 7)[2]);
}

TEST(Convert, RegionIsTakenFromItsPlace) {
    const Picture picture = gradient(33, 21, Sample::u8, Channels::rgb);
    const cv::Mat part = region_to_float(picture.view(), {5, 7, 4, 3});
    EXPECT_FLOAT_EQ(part.at<cv::Vec3f>(2, 1)[1],
                    static_cast<float>(sample_at(picture.view(), 6, 9, 1)));
}

TEST(Samples, SixteenBitsSurviveARoundTripThroughFloat) {
    const Picture picture = gradient(40, 40, Sample::u16, Channels::rgba);
    const Picture as_float = with_format(picture.view(), Sample::f32, Channels::rgba);
    EXPECT_TRUE(same_bits(with_format(as_float.view(), Sample::u16, Channels::rgba).view(),
                          picture.view()));
}

TEST(Samples, GreyBecomesColourAndAlphaBecomesOpaque) {
    const Picture grey = gradient(4, 4, Sample::u8, Channels::grey);
    const Picture rgba = with_format(grey.view(), Sample::u8, Channels::rgba);
    EXPECT_EQ(sample_at(rgba.view(), 3, 2, 0), sample_at(grey.view(), 3, 2, 0));
    EXPECT_EQ(sample_at(rgba.view(), 3, 2, 2), sample_at(grey.view(), 3, 2, 0));
    EXPECT_EQ(sample_at(rgba.view(), 3, 2, 3), 1);
}
