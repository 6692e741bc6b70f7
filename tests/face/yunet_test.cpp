// YuNet of ../shared on real photos, and hostile files in its place.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "face/alignment.h"
#include "face/face.h"
#include "files.h"
#include "lowkey/error.h"
#include "temporary_folder.h"

namespace lowkey::face {
namespace {

constexpr const char* kModel = "models/yunet_n_640_640.onnx";

float eye_distance(const Face& face) {
    return std::hypot(face.landmarks[0].x - face.landmarks[1].x,
                      face.landmarks[0].y - face.landmarks[1].y);
}

// Mean distance of landmarks, in eye distances of the first face.
float landmark_error(const Face& a, const Face& b) {
    float sum = 0;
    for (std::size_t i = 0; i < a.landmarks.size(); ++i)
        sum += std::hypot(a.landmarks[i].x - b.landmarks[i].x, a.landmarks[i].y - b.landmarks[i].y);
    return sum / 5 / eye_distance(a);
}

Face scaled(Face face, float factor) {
    for (Point& point : face.landmarks) point = {point.x * factor, point.y * factor};
    face.x *= factor;
    face.y *= factor;
    face.width *= factor;
    face.height *= factor;
    return face;
}

// Eyes above the mouth, left left of right, all near the box.
void expect_plausible(const Face& face, const std::string& name) {
    const auto& l = face.landmarks;
    EXPECT_LT(l[0].x, l[1].x) << name;
    EXPECT_LT(l[3].x, l[4].x) << name;
    EXPECT_LT(std::max(l[0].y, l[1].y), std::min(l[3].y, l[4].y)) << name;
    for (const Point& point : l) {
        EXPECT_GT(point.x, face.x - 0.25F * face.width) << name;
        EXPECT_LT(point.x, face.x + 1.25F * face.width) << name;
        EXPECT_GT(point.y, face.y) << name;
        EXPECT_LT(point.y, face.y + face.height) << name;
    }
    EXPECT_GE(face.score, 0.5F) << name;
    EXPECT_LE(face.score, 1.0F) << name;
    EXPECT_FALSE(face.from_region) << name;
}

class YuNetTest : public ::testing::Test {
  protected:
    void SetUp() override {
        NEEDS_SHARED(kModel);
        detector_ = make_yunet(shared_file(kModel));
    }
    Face only_face(const cv::Mat& rgb) {
        const std::vector<Face> faces = detector_->detect(rgb);
        EXPECT_EQ(faces.size(), 1U) << rgb.cols << "x" << rgb.rows;
        return faces.empty() ? Face{} : faces[0];
    }
    std::unique_ptr<Detector> detector_;
};

TEST_F(YuNetTest, FindsTheFacesOfEveryPhoto) {
    const std::vector<std::pair<std::string, std::size_t>> several = {{"couple.jpg", 2},
                                                                      {"multiface.jpg", 6},
                                                                      {"selfie-many-people.jpg", 7},
                                                                      {"two_people.jpg", 2}};
    const auto photos = sorted_files(shared_file("photos"));
    ASSERT_EQ(photos.size(), 21U);
    for (const auto& photo : photos) {
        const std::string name = photo.filename().string();
        std::size_t expected = 1;
        for (const auto& [crowd, count] : several) expected = name == crowd ? count : expected;
        const std::vector<Face> faces = detector_->detect(read_rgb(photo));
        EXPECT_EQ(faces.size(), expected) << name;
        for (const Face& face : faces) expect_plausible(face, name);
        for (std::size_t i = 1; i < faces.size(); ++i)
            EXPECT_GE(faces[i - 1].width * faces[i - 1].height, faces[i].width * faces[i].height)
                << name;
    }
}

TEST_F(YuNetTest, FindsAFaceInTwoHundredPeople) {
    const auto people = sorted_files(shared_file("lfw"));
    int found = 0, looked_at = 0;
    for (std::size_t i = 0; i < people.size() && looked_at < 200;
         i += people.size() / 200, ++looked_at) {
        const std::vector<Face> faces =
            detector_->detect(read_rgb(sorted_files(people[i]).front()));
        // Deep-funneled: the person's face is about the middle.
        const bool middle = std::any_of(faces.begin(), faces.end(), [](const Face& face) {
            return face.x < 125 && face.x + face.width > 125 && face.y < 125 &&
                   face.y + face.height > 125;
        });
        EXPECT_TRUE(middle) << people[i];
        found += middle ? 1 : 0;
    }
    EXPECT_EQ(found, 200);
}

// One face from 20 to 3000 pixels high, with the same landmarks.
TEST_F(YuNetTest, FindsAFaceOfAnySize) {
    const cv::Mat photo = read_rgb(shared_file("photos/img8.jpg"));
    const Face face = only_face(photo);
    for (float height : {20.0F, 28.0F, 40.0F, 80.0F, 160.0F, 700.0F, 1500.0F, 3000.0F}) {
        const float factor = height / face.height;
        cv::Mat copy;
        cv::resize(photo, copy, {}, factor, factor, factor < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
        EXPECT_LT(landmark_error(scaled(face, factor), only_face(copy)),
                  height < 40 ? 0.15F : 0.08F)
            << height;
    }
}

TEST_F(YuNetTest, FindsASmallFaceInALargePhoto) {
    const cv::Mat photo = read_rgb(shared_file("photos/img8.jpg"));
    const float factor = 20 / only_face(photo).height;
    cv::Mat small, scene(3000, 4500, CV_8UC3);
    cv::resize(photo, small, {}, factor, factor, cv::INTER_AREA);
    for (int y = 0; y < scene.rows; ++y)
        for (int x = 0; x < scene.cols; ++x)
            scene.at<cv::Vec3b>(y, x) =
                cv::Vec3b(static_cast<uchar>(90 + x / 60), static_cast<uchar>(120 + y / 50), 140);
    small.copyTo(scene(cv::Rect({3111, 2222}, small.size())));
    const Face face = only_face(scene);
    EXPECT_NEAR(face.height, 20, 6);
    EXPECT_NEAR(face.x + face.width / 2, 3111 + small.cols / 2.0, 8);
}

TEST_F(YuNetTest, FindsATurnedHead) {
    const cv::Mat photo = read_rgb(shared_file("photos/img13.jpg"));
    const Face upright = only_face(photo);
    const cv::Point2f centre(upright.x + upright.width / 2, upright.y + upright.height / 2);
    for (double degrees : {-30.0, -15.0, 15.0, 30.0}) {
        const cv::Mat turn = cv::getRotationMatrix2D(centre, degrees, 1);
        cv::Mat turned;
        cv::warpAffine(photo, turned, turn, photo.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
        Face expected = upright;
        for (Point& p : expected.landmarks)
            p = {static_cast<float>(turn.at<double>(0, 0) * p.x + turn.at<double>(0, 1) * p.y +
                                    turn.at<double>(0, 2)),
                 static_cast<float>(turn.at<double>(1, 0) * p.x + turn.at<double>(1, 1) * p.y +
                                    turn.at<double>(1, 2))};
        EXPECT_LT(landmark_error(expected, only_face(turned)), 0.1F) << degrees;
    }
}

TEST_F(YuNetTest, FindsTheFacesOfTheTestPictures) {
    for (const auto& [name, count] : {std::pair{"one_face.jpg", 1U},
                                      {"two_faces.png", 2U},
                                      {"large_face.jpg", 1U},
                                      {"grey_face.png", 1U}})
        EXPECT_EQ(
            detector_->detect(read_rgb(std::filesystem::path(LOWKEY_TEST_DATA) / name)).size(),
            count)
            << name;
}

TEST_F(YuNetTest, FindsNothingWhereThereIsNothing) {
    EXPECT_TRUE(detector_->detect(cv::Mat()).empty());
    EXPECT_TRUE(detector_->detect(cv::Mat(1, 1, CV_8UC3, cv::Scalar::all(0))).empty());
    EXPECT_TRUE(detector_->detect(cv::Mat(3, 5000, CV_8UC3, cv::Scalar::all(200))).empty());
    cv::Mat noise(900, 1300, CV_8UC3);
    cv::RNG(1).fill(noise, cv::RNG::UNIFORM, 0, 256);
    EXPECT_TRUE(detector_->detect(noise).empty());
}

TEST_F(YuNetTest, TheSmallerNetworkWorksToo) {
    NEEDS_SHARED("models/yunet_n_320_320.onnx");
    const auto smaller = make_yunet(shared_file("models/yunet_n_320_320.onnx"));
    const cv::Mat photo = read_rgb(shared_file("photos/img8.jpg"));
    const std::vector<Face> faces = smaller->detect(photo);
    ASSERT_EQ(faces.size(), 1U);
    EXPECT_LT(landmark_error(only_face(photo), faces[0]), 0.1F);
}

class HostileModel : public ::testing::Test {
  protected:
    void expect_refused(const std::string& bytes) {
        std::ofstream(file_, std::ios::binary) << bytes;
        try {
            make_yunet(file_);
            ADD_FAILURE() << "accepted " << bytes.size() << " bytes";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::pack);
            EXPECT_THAT(error.what(), ::testing::HasSubstr(file_.filename().string()));
        }
    }
    lowkey::testing::TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "hostile-ü.onnx";
};

TEST_F(HostileModel, MissingEmptyAndGarbageAreRefused) {
    EXPECT_THROW(make_yunet("/nowhere/detector.onnx"), Error);
    EXPECT_THROW(make_yunet(std::filesystem::temp_directory_path()), Error);
    expect_refused("");
    expect_refused("not a network");
    expect_refused(std::string(100000, '\xff'));
}

TEST_F(HostileModel, TruncatedAndAlteredNetworksAreRefusedOrHarmless) {
    NEEDS_SHARED(kModel);
    std::ifstream stream(shared_file(kModel), std::ios::binary);
    const std::string good{std::istreambuf_iterator<char>(stream), {}};
    for (std::size_t length : {100UL, 5000UL, good.size() / 2, good.size() - 100})
        expect_refused(good.substr(0, length));
    const cv::Mat photo = read_rgb(shared_file("photos/img12.jpg"));
    cv::RNG random(7);
    for (int i = 0; i < 30; ++i) {
        std::string altered = good;
        for (int j = 0; j < 40; ++j)
            altered[static_cast<std::size_t>(random.uniform(0, static_cast<int>(good.size())))] =
                static_cast<char>(random.uniform(0, 256));
        std::ofstream(file_, std::ios::binary) << altered;
        try {
            for (const Face& face : make_yunet(file_)->detect(photo)) {
                EXPECT_TRUE(std::isfinite(face.x) && std::isfinite(face.width));
                for (const Point& point : face.landmarks)
                    EXPECT_TRUE(std::isfinite(point.x) && std::isfinite(point.y));
            }
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::pack);
        }
    }
}

}  // namespace
}  // namespace lowkey::face
