// What the detector is taught: cells for faces, and that the detector decodes what the loss means.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "face/heads.h"
#include "lowkey/error.h"
#include "temporary_folder.h"
#include "train/detector_check.h"
#include "train/detector_loss.h"
#include "train/scene.h"

namespace lowkey::train {
namespace {

constexpr int kSquare = 640;

// Landmarks in the usual places of the box.
Face face_at(float x, float y, float width) {
    Face face;
    face.x = x;
    face.y = y;
    face.width = width;
    face.height = width * 1.3F;
    constexpr float kPlaces[5][2] = {
        {0.3F, 0.4F}, {0.7F, 0.42F}, {0.5F, 0.6F}, {0.35F, 0.8F}, {0.65F, 0.78F}};
    for (std::size_t i = 0; i < 5; ++i)
        face.landmarks[i] = {x + kPlaces[i][0] * face.width, y + kPlaces[i][1] * face.height};
    face.score = 1;
    return face;
}

// Faces of every size that a square has to answer for, apart from each other.
std::vector<Face> apart() {
    return {face_at(5, 7, 11),    face_at(60.5F, 3, 20), face_at(120, 20, 36), face_at(190, 9, 58),
            face_at(290, 15, 90), face_at(430, 20, 150), face_at(20, 230, 290)};
}

// Heads that say exactly what the assignment asks for, by the words of face/heads.h.
face::Heads perfect_heads(const std::vector<Face>& faces, int size) {
    face::Heads heads;
    for (std::size_t s = 0; s < heads.size(); ++s) {
        const int side = size / face::kStrides[s];
        heads[s] = {cv::Mat::zeros(side * side, 1, CV_32F), cv::Mat::zeros(side * side, 4, CV_32F),
                    cv::Mat::zeros(side * side, 10, CV_32F)};
    }
    for (const auto& [index, number] : assign(faces, {}, size).positives) {
        const Cell cell = cell_at(index, size);
        const Face& face = faces[number];
        const auto stride = static_cast<float>(cell.stride);
        face::Head& head = heads[cell.stride == 8 ? 0 : cell.stride == 16 ? 1 : 2];
        const int row = cell.y * (size / cell.stride) + cell.x;
        head.score.at<float>(row) = 1;
        head.box.at<float>(row, 0) = (face.x + face.width / 2) / stride - cell.x;
        head.box.at<float>(row, 1) = (face.y + face.height / 2) / stride - cell.y;
        head.box.at<float>(row, 2) = std::log(face.width / stride);
        head.box.at<float>(row, 3) = std::log(face.height / stride);
        for (int j = 0; j < 5; ++j) {
            const Point& point = face.landmarks[static_cast<std::size_t>(j)];
            head.landmarks.at<float>(row, 2 * j) = point.x / stride - cell.x;
            head.landmarks.at<float>(row, 2 * j + 1) = point.y / stride - cell.y;
        }
    }
    return heads;
}

// Answers a square of 640 pixels as told, so that what is decoded is known.
class Told : public face::HeadNetwork {
  public:
    explicit Told(face::Heads heads) : heads_(std::move(heads)) {}
    int square() const override { return kSquare; }
    face::Heads run(const cv::Mat& /*square_rgb*/) override {
        return std::exchange(heads_, perfect_heads({}, kSquare));  // one square, then nothing
    }

  private:
    face::Heads heads_;
};

std::vector<Face> decoded(face::Heads heads) {
    const auto detector =
        face::make_detector(std::make_unique<Told>(std::move(heads)), {0.5F, 0.5F});
    return detector->detect(cv::Mat::zeros(kSquare, kSquare, CV_8UC3));
}

TEST(DetectorTargets, EveryFaceIsAskedOfACellAndDecodedAsItWas) {
    std::vector<Face> faces = apart();
    const std::vector<Face> found = decoded(perfect_heads(faces, kSquare));
    ASSERT_EQ(found.size(), faces.size());
    std::reverse(faces.begin(), faces.end());  // largest first, as the detector lists them
    for (std::size_t i = 0; i < faces.size(); ++i) {
        EXPECT_NEAR(found[i].x, faces[i].x, 0.01);
        EXPECT_NEAR(found[i].y, faces[i].y, 0.01);
        EXPECT_NEAR(found[i].width, faces[i].width, 0.01);
        EXPECT_NEAR(found[i].height, faces[i].height, 0.01);
        for (std::size_t j = 0; j < 5; ++j) {
            EXPECT_NEAR(found[i].landmarks[j].x, faces[i].landmarks[j].x, 0.01);
            EXPECT_NEAR(found[i].landmarks[j].y, faces[i].landmarks[j].y, 0.01);
        }
    }
}

TEST(DetectorTargets, ValuesThatAreNoNumbersAreNoFaces) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        face::Heads heads = perfect_heads(apart(), kSquare);
        for (face::Head& head : heads) head.box.setTo(bad);
        EXPECT_TRUE(decoded(heads).empty());
        heads = perfect_heads(apart(), kSquare);
        for (face::Head& head : heads) head.score.setTo(std::numeric_limits<float>::quiet_NaN());
        EXPECT_TRUE(decoded(heads).empty());
    }
}

TEST(DetectorTargets, DoubtfulPlacesAreNeitherFaceNorBackground) {
    const cv::Rect2f doubtful(100, 100, 90, 90);
    const Assignment alone = assign({}, {doubtful}, 256);
    EXPECT_TRUE(alone.positives.empty());
    ASSERT_FALSE(alone.ignored.empty());
    for (const int64_t index : alone.ignored) {
        const Cell cell = cell_at(index, 256);
        const cv::Point2f place(static_cast<float>(cell.x * cell.stride),
                                static_cast<float>(cell.y * cell.stride));
        EXPECT_TRUE(doubtful.contains(place)) << place;
    }
    // A sure face in the same place wins.
    EXPECT_FALSE(assign({face_at(120, 120, 40)}, {doubtful}, 256).positives.empty());
}

// Logits and values as the network gives them.
std::array<torch::Tensor, 3> as_network(const face::Heads& heads, int size) {
    std::array<torch::Tensor, 3> tensors;
    for (std::size_t s = 0; s < heads.size(); ++s) {
        const int side = size / face::kStrides[s];
        const auto part = [&](const cv::Mat& m) {
            return torch::from_blob(m.data, {m.rows, m.cols}, torch::kFloat32);
        };
        const auto logit = part(heads[s].score) * 24 - 12;
        tensors[s] = torch::cat({logit, part(heads[s].box), part(heads[s].landmarks)}, 1)
                         .t()
                         .reshape({1, 15, side, side});
    }
    return tensors;
}

TEST(DetectorLoss, IsNothingForWhatTheDetectorDecodesRightly) {
    const Scene scene{cv::Mat::zeros(kSquare, kSquare, CV_8UC3), apart(), {}};
    auto heads = as_network(perfect_heads(scene.faces, kSquare), kSquare);
    const DetectorLoss right = detector_loss(heads, {scene});
    EXPECT_LT(right.total.item<double>(), 0.01);
    EXPECT_LT(right.landmark_error, 1e-4);
    for (auto& head : heads) head.narrow(1, 5, 10) += 0.25;  // a quarter of a stride
    const DetectorLoss shifted = detector_loss(heads, {scene});
    EXPECT_GT(shifted.landmarks, 0.5);
    EXPECT_NEAR(shifted.box, right.box, 1e-6);
    for (auto& head : heads) head.select(1, 0).neg_();
    EXPECT_GT(detector_loss(heads, {scene}).score, right.score + 1);
    const Scene empty{cv::Mat::zeros(kSquare, kSquare, CV_8UC3), {}, {}};
    EXPECT_EQ(detector_loss(heads, {empty}).box, 0);
}

TEST(MovedFace, MirroredFacesExchangeLeftAndRight) {
    const Face face = face_at(10, 20, 40);
    const Face mirrored = moved(face, {-1, 0, 100, 0, 1, 0});
    EXPECT_FLOAT_EQ(mirrored.x, 100 - face.x - face.width);
    EXPECT_FLOAT_EQ(mirrored.landmarks[0].x, 100 - face.landmarks[1].x);
    EXPECT_FLOAT_EQ(mirrored.landmarks[3].y, face.landmarks[4].y);
    EXPECT_LT(mirrored.landmarks[0].x, mirrored.landmarks[1].x);
    const Face turned = moved(face, {0, -2, 0, 2, 0, 0});  // a quarter turn, twice as large
    EXPECT_FLOAT_EQ(turned.width, 2 * face.height);
    EXPECT_FLOAT_EQ(turned.landmarks[2].x, -2 * face.landmarks[2].y);
}

class Scenes : public ::testing::Test {
  protected:
    void SetUp() override {
        write_labels(nlohmann::json{{"photo", "one_face.jpg"},
                                    {"faces", nlohmann::json::parse(to_json(std::vector{face_}))}}
                         .dump());
    }
    void write_labels(const std::string& line) {
        std::ofstream(folder_.path() / "labels.jsonl") << line << "\n";
    }
    lowkey::testing::TemporaryFolder folder_;
    Face face_ = face_at(245, 145, 150);
};

TEST_F(Scenes, AreSeededAndShowTheirFaces) {
    const LabelledPhotos photos(LOWKEY_TEST_DATA, folder_.path());
    std::size_t faces = 0;
    double least = 1e9, most = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Random first(seed), second(seed);
        const Scene scene = make_scene(photos, 256, first), same = make_scene(photos, 256, second);
        EXPECT_EQ(cv::norm(scene.rgb, same.rgb, cv::NORM_INF), 0);
        EXPECT_EQ(scene.faces.size(), same.faces.size());
        ASSERT_EQ(scene.rgb.size(), cv::Size(256, 256));
        ASSERT_EQ(scene.rgb.type(), CV_8UC3);
        for (const Face& face : scene.faces) {
            const cv::Point2f middle(face.x + face.width / 2, face.y + face.height / 2);
            EXPECT_TRUE(cv::Rect2f(0, 0, 256, 256).contains(middle)) << middle;
            least = std::min<double>(least, face.width);
            most = std::max<double>(most, face.width);
        }
        faces += scene.faces.size();
    }
    EXPECT_GT(faces, 100U);
    EXPECT_LT(least, 16);
    EXPECT_GT(most, 120);
}

TEST_F(Scenes, DamagedLabelsAreAnErrorOfTheFile) {
    for (const char* line : {"{\"photo\": \"one_fa", "[]", "{\"photo\": 3, \"faces\": []}", ""}) {
        write_labels(line);
        try {
            const LabelledPhotos photos(LOWKEY_TEST_DATA, folder_.path());
            ADD_FAILURE() << "accepted " << line;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::file) << line;
        }
    }
}

// Sees one face: where the picture is brightest.
class SeesTheBrightest : public face::Detector {
  public:
    std::vector<Face> detect(const cv::Mat& rgb) override {
        cv::Mat grey;
        cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
        cv::Point place;
        cv::minMaxLoc(grey, nullptr, nullptr, nullptr, &place);
        return {face_at(static_cast<float>(place.x), static_cast<float>(place.y), 20)};
    }
};

TEST(Agreement, WhatIsSeenInTheMirrorIsPlacedInThePhoto) {
    cv::Mat rgb(60, 100, CV_8UC3, cv::Scalar::all(0));
    rgb.at<cv::Vec3b>(5, 69) = {255, 255, 255};  // in the mirror at 30
    SeesTheBrightest detector;
    const Face seen = in_mirror(detector, rgb).at(0), there = face_at(30, 5, 20);
    EXPECT_FLOAT_EQ(seen.x, 100 - 30 - there.width);
    EXPECT_FLOAT_EQ(seen.y, 5);
    // The right eye of the one is the left eye of the other.
    EXPECT_FLOAT_EQ(seen.landmarks[0].x, 100 - there.landmarks[1].x);
    EXPECT_FLOAT_EQ(seen.landmarks[1].y, there.landmarks[0].y);
}

TEST(Agreement, LandmarksAreAveragedWhereBothSeeAFace) {
    const Face a = face_at(10, 10, 50), b = face_at(14, 12, 50), other = face_at(200, 10, 50);
    const auto faces = averaged({a, other}, {face_at(400, 10, 50), b});
    ASSERT_EQ(faces.size(), 1U);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_FLOAT_EQ(faces[0].landmarks[i].x, a.landmarks[i].x + 2);
        EXPECT_FLOAT_EQ(faces[0].landmarks[i].y, a.landmarks[i].y + 1);
    }
    EXPECT_TRUE(averaged({a}, {}).empty());
}

TEST(Agreement, CountsFoundFalseAndDoubtfulFaces) {
    Findings photo;
    photo.truth = {face_at(10, 10, 50), face_at(200, 10, 50), face_at(400, 10, 50)};
    photo.truth[0].score = 0.9F;
    photo.truth[1].score = 0.4F;  // need not be found, but is no false box
    photo.truth[2].score = 0.8F;
    photo.found = {face_at(12, 10, 50), face_at(200, 12, 50), face_at(10, 300, 40)};
    photo.found[2].score = 0.6F;
    const Agreement all = agreement({photo}, 0.5F);
    EXPECT_EQ(all.photos, 1);
    EXPECT_EQ(all.faces, 2);
    EXPECT_EQ(all.matched, 1);
    EXPECT_EQ(all.false_boxes, 1);
    const float eyes = std::hypot(20.0F, 1.3F);
    EXPECT_NEAR(all.landmark_error, 2 / eyes, 1e-3);
    EXPECT_EQ(agreement({photo}, 0.7F).false_boxes, 0);
}

}  // namespace
}  // namespace lowkey::train
