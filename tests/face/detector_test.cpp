// Our own detector network, and the detector that it shares with YuNet.
#include "model/detector.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "files.h"
#include "lowkey/error.h"
#include "model/arch/close_up.h"
#include "model/arch/network.h"
#include "model/pack.h"
#include "model/weights.h"
#include "temporary_folder.h"

namespace lowkey::model {
namespace {

using face::read_rgb;

std::filesystem::path test_picture(const std::string& name) {
    return std::filesystem::path(LOWKEY_TEST_DATA) / name;
}

std::shared_ptr<FaceDetector> untrained() {
    torch::manual_seed(3);
    auto network = std::make_shared<FaceDetector>();
    network->initialise();
    return network;
}

TEST(FaceDetectorNetwork, AnswersAtThreeStrides) {
    const torch::NoGradGuard no_gradient;
    const auto network = untrained();
    network->eval();
    const auto heads = network->forward(torch::rand({2, 3, 256, 320}) * 2 - 1);
    EXPECT_EQ(heads[0].sizes(), (std::vector<int64_t>{2, kHeadChannels, 32, 40}));
    EXPECT_EQ(heads[1].sizes(), (std::vector<int64_t>{2, kHeadChannels, 16, 20}));
    EXPECT_EQ(heads[2].sizes(), (std::vector<int64_t>{2, kHeadChannels, 8, 10}));
    for (const auto& head : heads)
        EXPECT_LT(head.select(1, 0).sigmoid().max().item<float>(), 0.3F) << "sees faces in noise";
}

TEST(FaceDetectorNetwork, FoldingChangesNothing) {
    const torch::NoGradGuard no_gradient;
    const auto network = untrained();
    network->train();
    const auto picture = torch::rand({4, 3, 128, 128}) * 2 - 1;
    for (int i = 0; i < 20; ++i) network->forward(picture);  // statistics of real activations
    network->eval();
    const auto before = network->forward(picture);
    prepare_inference(*network);
    EXPECT_TRUE(network->buffers().empty());
    const auto after = network->forward(picture);
    for (std::size_t i = 0; i < before.size(); ++i)
        EXPECT_TRUE(torch::allclose(before[i], after[i], 1e-3, 1e-4)) << i;
}

class DetectorFile : public ::testing::Test {
  protected:
    void SetUp() override { weights_ = weights_of(*untrained(), Storage::float16); }
    void expect_refused(const std::string& words) {
        try {
            load_detector(file_, DetectorLimits{}, torch::kCPU);
            ADD_FAILURE() << "accepted; expected: " << words;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::pack);
            EXPECT_THAT(error.what(), ::testing::HasSubstr(file_.filename().string()));
            EXPECT_THAT(error.what(), ::testing::HasSubstr(words));
        }
    }
    Tensors weights_;
    lowkey::testing::TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "detector-ü.safetensors";
};

TEST_F(DetectorFile, LoadsInHalfPrecisionAndIsSmall) {
    write_safetensors(file_, weights_);
    EXPECT_LT(std::filesystem::file_size(file_), 1'500'000U);
    const auto detector = load_detector(file_, DetectorLimits{}, torch::kCPU);
    EXPECT_TRUE(detector->detect(cv::Mat()).empty());
    EXPECT_TRUE(detector->detect(cv::Mat(1, 1, CV_8UC3, cv::Scalar::all(0))).empty());
    EXPECT_TRUE(detector->detect(read_rgb(test_picture("one_face.jpg"))).empty());
}

TEST_F(DetectorFile, BadWeightsAreRefusedInPlainWords) {
    expect_refused("");
    std::ofstream(file_, std::ios::binary) << "not a safetensors file";
    expect_refused("Install the model pack again");
    auto damaged = weights_;
    damaged.erase("head1.bias");
    write_safetensors(file_, damaged);
    expect_refused("the tensor \"head1.bias\" is missing");
    damaged = weights_;
    damaged["head1.bias"] = torch::zeros({3});
    write_safetensors(file_, damaged);
    expect_refused("another shape");
    damaged["head1.bias"] =
        torch::full({kHeadChannels}, std::numeric_limits<float>::quiet_NaN(), torch::kFloat32);
    write_safetensors(file_, damaged);
    expect_refused("not finite");
}

TEST_F(DetectorFile, MayHoldASecondLook) {
    const auto close_up = std::make_shared<CloseUpNetwork>();
    close_up->initialise();
    DetectorWeights parts{weights_, weights_of(*close_up, Storage::float16)};
    write_safetensors(file_, join_detector(parts));
    const auto again = split_detector(read_safetensors(file_));
    EXPECT_EQ(again.first.size(), parts.first.size());
    EXPECT_EQ(again.close_up.size(), parts.close_up.size());
    EXPECT_TRUE(load_detector(file_, DetectorLimits{}, torch::kCPU)->detect(cv::Mat()).empty());
    parts.close_up.erase("answer.bias");
    write_safetensors(file_, join_detector(parts));
    expect_refused("the tensor \"answer.bias\" is missing");
}

class DefaultDetector : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto folder = test_picture("../../models/default");
        if (!std::filesystem::exists(folder / "manifest.json"))
            GTEST_SKIP() << "models/default is not here";
        const auto manifest = read_manifest(folder);
        if (!manifest.detector) GTEST_SKIP() << "models/default has no detector";
        detector_ = load_detector(folder, *manifest.detector, torch::kCPU);
    }
    std::unique_ptr<face::Detector> detector_;
};

TEST_F(DefaultDetector, FindsTheFacesOfTheTestPictures) {
    for (const auto& [name, count] : {std::pair{"one_face.jpg", 1U},
                                      {"two_faces.png", 2U},
                                      {"large_face.jpg", 1U},
                                      {"grey_face.png", 1U}}) {
        const auto faces = detector_->detect(read_rgb(test_picture(name)));
        EXPECT_EQ(faces.size(), count) << name;
        for (const Face& face : faces) {
            EXPECT_LT(face.landmarks[0].x, face.landmarks[1].x) << name;
            EXPECT_LT(face.landmarks[1].y, face.landmarks[2].y) << name;
            EXPECT_LT(face.landmarks[2].y, face.landmarks[4].y) << name;
        }
    }
}

// One face from 20 to 3000 pixels high, with the same landmarks.
TEST_F(DefaultDetector, FindsAFaceOfAnySize) {
    const cv::Mat photo = read_rgb(test_picture("one_face.jpg"));
    const auto found = detector_->detect(photo);
    ASSERT_EQ(found.size(), 1U);
    const Face& face = found[0];
    const float eyes = std::hypot(face.landmarks[0].x - face.landmarks[1].x,
                                  face.landmarks[0].y - face.landmarks[1].y);
    for (float height : {20.0F, 28.0F, 40.0F, 80.0F, 160.0F, 700.0F, 1500.0F, 3000.0F}) {
        const float factor = height / face.height;
        cv::Mat copy;
        cv::resize(photo, copy, {}, factor, factor, factor < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
        const auto again = detector_->detect(copy);
        ASSERT_EQ(again.size(), 1U) << height;
        float error = 0;
        for (std::size_t i = 0; i < 5; ++i)
            error += std::hypot(again[0].landmarks[i].x / factor - face.landmarks[i].x,
                                again[0].landmarks[i].y / factor - face.landmarks[i].y);
        EXPECT_LT(error / 5 / eyes, height < 40 ? 0.15F : 0.08F) << height;
    }
}

TEST_F(DefaultDetector, FindsNothingWhereThereIsNothing) {
    EXPECT_TRUE(detector_->detect(cv::Mat()).empty());
    EXPECT_TRUE(detector_->detect(cv::Mat(3, 5000, CV_8UC3, cv::Scalar::all(200))).empty());
    cv::Mat noise(900, 1300, CV_8UC3);
    cv::RNG(1).fill(noise, cv::RNG::UNIFORM, 0, 256);
    EXPECT_TRUE(detector_->detect(noise).empty());
}

}  // namespace
}  // namespace lowkey::model
