#include "evaluate/condition.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

namespace lowkey::evaluate {
namespace {

cv::Mat noise(int width, int height) {
    cv::Mat picture(height, width, CV_8UC3);
    cv::RNG random(7);
    random.fill(picture, cv::RNG::UNIFORM, 0, 256);
    return picture;
}

double difference(const cv::Mat& a, const cv::Mat& b) {
    return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * 3);
}

TEST(Condition, NamesGoThereAndBack) {
    for (const Condition condition : kConditions)
        EXPECT_EQ(parse_condition(name_of(condition)), condition);
    EXPECT_FALSE(parse_condition("jpeg"));
}

TEST(Condition, HalfIsTheMeanOfFourPixels) {
    cv::Mat picture(2, 4, CV_8UC3, cv::Scalar(10, 20, 30));
    picture.at<cv::Vec3b>(0, 0) = {50, 20, 30};
    const cv::Mat half = degrade(picture, Condition::half);
    ASSERT_EQ(half.size(), cv::Size(2, 1));
    EXPECT_EQ(half.at<cv::Vec3b>(0, 0), cv::Vec3b(20, 20, 30));
    EXPECT_EQ(half.at<cv::Vec3b>(0, 1), cv::Vec3b(10, 20, 30));
    EXPECT_EQ(degrade(noise(251, 127), Condition::half_jpeg75).size(), cv::Size(125, 63));
    EXPECT_EQ(degrade(noise(1, 1), Condition::half_jpeg75).size(), cv::Size(1, 1));
}

TEST(Condition, LowerQualityIsFurtherAway) {
    const cv::Mat picture = noise(64, 48);
    const cv::Mat good = degrade(picture, Condition::jpeg85);
    const cv::Mat poor = degrade(picture, Condition::jpeg75);
    ASSERT_EQ(good.size(), picture.size());
    EXPECT_GT(difference(good, picture), 0);
    EXPECT_GT(difference(poor, picture), difference(good, picture));
}

TEST(Condition, ColoursKeepTheirOrder) {
    const cv::Mat red(40, 40, CV_8UC3, cv::Scalar(200, 40, 30));
    const cv::Vec3b pixel = degrade(red, Condition::jpeg75).at<cv::Vec3b>(20, 20);
    EXPECT_NEAR(pixel[0], 200, 4);
    EXPECT_NEAR(pixel[2], 30, 4);
}

TEST(Condition, CloakedIsAsItIs) {
    const cv::Mat picture = noise(30, 20);
    EXPECT_EQ(difference(degrade(picture, Condition::cloaked), picture), 0);
    EXPECT_EQ(difference(degrade(picture, Condition::clean), picture), 0);
}

}  // namespace
}  // namespace lowkey::evaluate
