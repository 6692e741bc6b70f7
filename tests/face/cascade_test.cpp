// OpenCV's cascades on the project's own pictures, and on real photos where they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "face/face.h"
#include "files.h"

namespace lowkey::face {
namespace {

TEST(Cascade, FindsTheFacesOfTheTestPictures) {
    const auto detector = make_cascade();
    for (const auto& [name, count] : {std::pair{"one_face.jpg", 1U},
                                      {"two_faces.png", 2U},
                                      {"large_face.jpg", 1U},
                                      {"grey_face.png", 1U}}) {
        const std::vector<Face> faces =
            detector->detect(read_rgb(std::filesystem::path(LOWKEY_TEST_DATA) / name));
        EXPECT_EQ(faces.size(), count) << name;
        for (const Face& face : faces) {
            EXPECT_LT(face.landmarks[0].x, face.landmarks[1].x) << name;
            EXPECT_LT(face.landmarks[1].y, face.landmarks[4].y) << name;
            EXPECT_GT(face.score, 0) << name;
            EXPECT_LE(face.score, 1) << name;
        }
    }
}

TEST(Cascade, OrderIsLargestFirstAndRepeats) {
    const auto detector = make_cascade();
    const cv::Mat picture = read_rgb(std::filesystem::path(LOWKEY_TEST_DATA) / "two_faces.png");
    const std::vector<Face> once = detector->detect(picture), again = detector->detect(picture);
    ASSERT_EQ(once.size(), 2U);
    ASSERT_EQ(again.size(), 2U);
    EXPECT_GE(once[0].width, once[1].width);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(once[i].x, again[i].x);
}

TEST(Cascade, FindsNothingWhereThereIsNothing) {
    const auto detector = make_cascade();
    EXPECT_TRUE(detector->detect(cv::Mat()).empty());
    EXPECT_TRUE(detector->detect(cv::Mat(2, 2, CV_8UC3, cv::Scalar::all(9))).empty());
    // Shrunk as far as its length asks, nothing is left of its height.
    EXPECT_TRUE(detector->detect(cv::Mat(1, 9000, CV_8UC3, cv::Scalar::all(9))).empty());
    EXPECT_TRUE(detector->detect(cv::Mat(700, 900, CV_8UC3, cv::Scalar::all(128))).empty());
}

// Against YuNet on the whole photos: at least 0.85 of the faces, landmarks within a fifth of the
// eyes' distance.
TEST(Cascade, AgreesWithYuNetOnPhotos) {
    NEEDS_SHARED("models/yunet_n_640_640.onnx");
    const auto cascade = make_cascade(),
               yunet = make_yunet(shared_file("models/yunet_n_640_640.onnx"));
    int faces = 0, matched = 0, unmatched = 0;
    double error = 0;
    for (const auto& photo : sorted_files(shared_file("photos"))) {
        const cv::Mat rgb = read_rgb(photo);
        std::vector<Face> truth = yunet->detect(rgb);
        faces += static_cast<int>(truth.size());
        for (const Face& face : cascade->detect(rgb)) {
            const auto same = std::find_if(truth.begin(), truth.end(), [&](const Face& t) {
                return std::hypot(t.x + t.width / 2 - face.x - face.width / 2,
                                  t.y + t.height / 2 - face.y - face.height / 2) < 0.35 * t.width;
            });
            if (same == truth.end()) {
                ++unmatched;
                continue;
            }
            ++matched;
            const auto& l = same->landmarks;
            for (std::size_t i = 0; i < 5; ++i)
                error += std::hypot(l[i].x - face.landmarks[i].x, l[i].y - face.landmarks[i].y) /
                         5 / std::hypot(l[0].x - l[1].x, l[0].y - l[1].y);
        }
    }
    EXPECT_GE(matched, 0.85 * faces) << "of " << faces;
    EXPECT_LE(unmatched, 1);
    EXPECT_LT(error / matched, 0.12);
}

TEST(FaceFromRegion, PutsLandmarksAtTheirMeanPlaces) {
    const Face face = face_from_region({100, 200, 80, 110});
    EXPECT_TRUE(face.from_region);
    EXPECT_EQ(face.score, 0);
    EXPECT_EQ(face.x, 100);
    EXPECT_EQ(face.height, 110);
    EXPECT_FLOAT_EQ(face.landmarks[2].x, 140);
    EXPECT_FLOAT_EQ(face.landmarks[0].x + face.landmarks[1].x, 280);
    EXPECT_LT(face.landmarks[0].y, face.landmarks[2].y);
    EXPECT_LT(face.landmarks[2].y, face.landmarks[3].y);
}

}  // namespace
}  // namespace lowkey::face
