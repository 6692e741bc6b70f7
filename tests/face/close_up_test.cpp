// The second look: windows, what is seen in them, and which faces remain.
#include "face/close_up.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

namespace lowkey::face {
namespace {

constexpr int kSide = 64;

Face face_at(float x, float y, float width, float height) {
    Face face;
    face.x = x;
    face.y = y;
    face.width = width;
    face.height = height;
    face.score = 0.5F;
    return face;
}

// The middle of what is bright, from the picture's corner.
cv::Point2d bright_spot(const cv::Mat& rgb) {
    cv::Mat grey;
    cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
    const cv::Moments moments = cv::moments(grey);
    return {moments.m10 / moments.m00 + 0.5, moments.m01 / moments.m00 + 0.5};
}

TEST(CloseUpWindow, IsASquareAroundTheBox) {
    const cv::Rect window = close_up_window(face_at(100, 200, 60, 80));
    EXPECT_EQ(window, cv::Rect(80, 190, 100, 100));
    EXPECT_EQ(close_up_window(face_at(5, 5, 0.1F, 0.1F)).area(), 1);
}

TEST(CutWindow, EveryPlaceLiesWhereTheWindowHasIt) {
    cv::Mat photo = cv::Mat::zeros(500, 700, CV_8UC3);
    cv::rectangle(photo, cv::Rect(300, 200, 16, 16), cv::Scalar::all(255), cv::FILLED);
    const cv::Point2d spot(308, 208);
    for (const cv::Rect& window :
         {cv::Rect(290, 190, 64, 64), cv::Rect(280, 180, 41, 41), cv::Rect(230, 120, 257, 257),
          cv::Rect(-150, -99, 613, 613), cv::Rect(250, 150, 700, 700)}) {
        const cv::Mat seen = cut_window(photo, window, kSide);
        ASSERT_EQ(seen.size(), cv::Size(kSide, kSide));
        const double scale = static_cast<double>(kSide) / window.width;
        EXPECT_NEAR(bright_spot(seen).x, scale * (spot.x - window.x), 0.1) << window;
        EXPECT_NEAR(bright_spot(seen).y, scale * (spot.y - window.y), 0.1) << window;
    }
}

TEST(CutWindow, IsBlackOutsideThePhotoAndSmallForAnyWindow) {
    const cv::Mat photo(40, 50, CV_8UC3, cv::Scalar::all(255));
    EXPECT_EQ(cv::countNonZero(cut_window(photo, {60, 0, 20, 20}, kSide).reshape(1)), 0);
    const cv::Mat corner = cut_window(photo, {-20, -20, 40, 40}, kSide);
    EXPECT_EQ(corner.at<cv::Vec3b>(20, 20)[0], 0);
    EXPECT_EQ(corner.at<cv::Vec3b>(44, 44)[0], 255);
    EXPECT_EQ(cut_window(photo, {-800'000, -800'000, 1'600'000, 1'600'000}, kSide).size(),
              cv::Size(kSide, kSide));
}

// Says of every window what it was told.
class Told : public CloseUpLook {
  public:
    explicit Told(std::vector<CloseUp> answers) : answers_(std::move(answers)) {}
    int side() const override { return kSide; }
    std::vector<CloseUp> run(const std::vector<cv::Mat>& pictures) override {
        EXPECT_EQ(pictures.size(), answers_.size());
        return answers_;
    }

  private:
    std::vector<CloseUp> answers_;
};

class Found : public Detector {
  public:
    explicit Found(std::vector<Face> faces) : faces_(std::move(faces)) {}
    std::vector<Face> detect(const cv::Mat& /*rgb*/) override { return faces_; }

  private:
    std::vector<Face> faces_;
};

CloseUp answer(float score) {
    CloseUp answer{};
    answer.score = score;
    answer.box = {0, 0, std::log(0.6F), std::log(0.8F)};
    return answer;
}

std::vector<Face> seen_again(std::vector<Face> faces, std::vector<CloseUp> answers,
                             int side = 400) {
    const auto closer = make_closer(std::make_unique<Found>(std::move(faces)),
                                    std::make_unique<Told>(std::move(answers)), {0.5F, 0.65F}, 640);
    return closer->detect(cv::Mat::zeros(side, side, CV_8UC3));
}

TEST(SecondLook, PlacesBoxAndLandmarks) {
    CloseUp told = answer(0.98F);
    told.box[0] = 0.1F;
    told.landmarks[0] = -0.2F;
    told.landmarks[9] = 0.25F;
    const Face face = face_of(told, {80, 190, 100, 100});
    EXPECT_NEAR(face.x, 110, 1e-3);
    EXPECT_NEAR(face.y, 200, 1e-3);
    EXPECT_NEAR(face.width, 60, 1e-3);
    EXPECT_NEAR(face.height, 80, 1e-3);
    EXPECT_NEAR(face.landmarks[0].x, 110, 1e-3);
    EXPECT_NEAR(face.landmarks[0].y, 240, 1e-3);
    EXPECT_NEAR(face.landmarks[4].y, 265, 1e-3);
}

TEST(SecondLook, DropsWhatIsNoFaceAndMergesWhatIsOne) {
    const auto faces = seen_again({face_at(200, 200, 60, 80), face_at(100, 100, 60, 80),
                                   face_at(102, 101, 60, 80), face_at(300, 300, 30, 40)},
                                  {answer(0.1F), answer(0.9F), answer(0.8F), answer(0.7F)});
    ASSERT_EQ(faces.size(), 2U);
    EXPECT_NEAR(faces[0].score, std::sqrt(0.9F * 0.5F), 1e-5);
    EXPECT_NEAR(faces[0].x, 100, 1);
    EXPECT_NEAR(faces[1].score, std::sqrt(0.7F * 0.5F), 1e-5);
    EXPECT_TRUE(seen_again({}, {}).empty());
}

TEST(SecondLook, MustBeSurerInPhotosThatAreLookedAtInParts) {
    const std::vector<Face> found = {face_at(100, 100, 60, 80)};
    EXPECT_EQ(seen_again(found, {answer(0.7F)}, 640).size(), 1U);  // sqrt(0.7 * 0.5) = 0.59
    EXPECT_EQ(seen_again(found, {answer(0.7F)}, 641).size(), 0U);
    EXPECT_EQ(seen_again(found, {answer(0.9F)}, 641).size(), 1U);
}

TEST(SecondLook, AnswersThatAreNoNumbersAreNoFaces) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e9F}) {
        CloseUp told = answer(1);
        told.box = {bad, bad, bad, bad};
        EXPECT_TRUE(seen_again({face_at(100, 100, 60, 80)}, {told}).empty());
        told = answer(1);
        told.landmarks[3] = bad;
        EXPECT_TRUE(seen_again({face_at(100, 100, 60, 80)}, {told}).empty());
        told = answer(std::numeric_limits<float>::quiet_NaN());
        EXPECT_TRUE(seen_again({face_at(100, 100, 60, 80)}, {told}).empty());
    }
}

}  // namespace
}  // namespace lowkey::face
