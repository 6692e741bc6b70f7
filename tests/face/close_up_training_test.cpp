// What the second look is taught: the answers mean the places that the pictures show.
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "model/close_up.h"
#include "model/weights.h"
#include "temporary_folder.h"
#include "train/averaged.h"
#include "train/close_up_data.h"

namespace lowkey::train {
namespace {

// Grey, one landmark a white spot.
Candidate candidate_with_spot(std::size_t landmark, bool is_face) {
    Candidate candidate{cv::Mat(96, 96, CV_8UC3, cv::Scalar::all(40)), is_face, {}};
    candidate.face.x = 28;
    candidate.face.y = 22;
    candidate.face.width = 40;
    candidate.face.height = 52;
    constexpr float kPlaces[5][2] = {{38, 40}, {58, 41}, {48, 50}, {41, 62}, {56, 60}};
    for (std::size_t i = 0; i < 5; ++i)
        candidate.face.landmarks[i] = {kPlaces[i][0], kPlaces[i][1]};
    const Point& spot = candidate.face.landmarks[landmark];
    cv::circle(candidate.rgb, cv::Point2f(spot.x - 0.5F, spot.y - 0.5F), 3, cv::Scalar::all(230),
               cv::FILLED, cv::LINE_AA);
    return candidate;
}

TEST(CloseUpBatch, LandmarksLieWhereThePicturesShowThem) {
    Random random(5);
    const auto batch = close_up_batch(
        {{candidate_with_spot(2, true)}, {candidate_with_spot(2, true)}}, 60, random);
    ASSERT_EQ(batch.pictures.sizes(), (std::vector<int64_t>{60, 3, 64, 64}));
    ASSERT_EQ(batch.answers.sizes(), (std::vector<int64_t>{60, 15}));
    EXPECT_EQ(batch.answers.select(1, 0).min().item<float>(), 1);
    const auto grey = batch.pictures.mean(1).contiguous();
    int close = 0;
    for (int64_t i = 0; i < 60; ++i) {
        // The brightest pixels' middle: light, blur and grain do not move it much.
        const auto picture =
            (grey[i] - grey[i].median() - 0.3 * (grey[i].max() - grey[i].median())).clamp_min(0);
        const auto places = torch::arange(64) + 0.5;
        const auto x = (picture.sum(0) * places).sum() / picture.sum() / 64 - 0.5,
                   y = (picture.sum(1) * places).sum() / picture.sum() / 64 - 0.5;
        const double away = std::hypot(x.item<double>() - batch.answers[i][9].item<double>(),
                                       y.item<double>() - batch.answers[i][10].item<double>());
        close += away < 0.02 ? 1 : 0;
    }
    EXPECT_GE(close, 54);
}

TEST(CloseUpBatch, MirroredFacesHaveTheirLeftEyeOnTheLeft) {
    Random random(6);
    const auto batch = close_up_batch(
        {{candidate_with_spot(0, true)}, {candidate_with_spot(0, false)}}, 60, random);
    for (int64_t i = 0; i < 60; ++i) {
        const auto answer = batch.answers[i];
        if (answer[0].item<float>() == 0)
            EXPECT_EQ(answer.abs().sum().item<float>(), 0);
        else
            EXPECT_LT(answer[5].item<float>(), answer[7].item<float>());
    }
    EXPECT_NEAR(batch.answers.select(1, 0).mean().item<double>(), 0.6, 0.25);
}

TEST(CloseUpMirror, OfTheMirrorIsTheSame) {
    const auto answers = torch::rand({3, 15});
    const auto mirrored = model::mirror_close_up(answers);
    EXPECT_TRUE(torch::equal(model::mirror_close_up(mirrored), answers));
    EXPECT_TRUE(torch::equal(mirrored.select(1, 5), -answers.select(1, 7)));
    EXPECT_TRUE(torch::equal(mirrored.select(1, 14), answers.select(1, 12)));
}

TEST(CloseUpLook, ManyPicturesAreAnsweredAsEachByItself) {
    torch::manual_seed(8);
    const auto network = std::make_shared<model::CloseUpNetwork>();
    network->initialise();
    network->eval();
    const auto look = model::make_look(network);
    EXPECT_TRUE(look->run({}).empty());
    std::vector<cv::Mat> pictures;
    for (int i = 0; i < 130; ++i) {
        cv::Mat picture(64, 64, CV_8UC3);
        cv::RNG(static_cast<std::uint64_t>(i) + 1).fill(picture, cv::RNG::UNIFORM, 0, 256);
        pictures.push_back(picture);
    }
    const auto all = look->run(pictures);
    ASSERT_EQ(all.size(), pictures.size());
    for (const std::size_t i : {0U, 63U, 64U, 129U}) {
        const auto alone = look->run({pictures[i]}).front();
        EXPECT_NEAR(all[i].score, alone.score, 1e-4) << i;
        EXPECT_NEAR(all[i].landmarks[3], alone.landmarks[3], 1e-4) << i;
    }
    EXPECT_NE(all[0].landmarks[3], all[1].landmarks[3]);
}

TEST(AveragedTraining, GoesOnFromItsCheckpointAsIfItHadNotStopped) {
    const lowkey::testing::TemporaryFolder folder;
    const auto stem = folder / "network";
    torch::manual_seed(4);
    const auto network = std::make_shared<model::CloseUpNetwork>(),
               mean = std::make_shared<model::CloseUpNetwork>();
    network->initialise();
    Averaged training(*network, *mean, stem);
    const auto pictures = torch::rand({8, 3, 64, 64}) * 2 - 1;
    const auto step = [&](model::CloseUpNetwork& of, Averaged& training_of) {
        of.forward(pictures).square().sum().backward();
        training_of.step(1e-3);
    };
    for (int i = 0; i < 3; ++i) step(*network, training);
    training.save();
    const auto other = std::make_shared<model::CloseUpNetwork>(),
               other_mean = std::make_shared<model::CloseUpNetwork>();
    Averaged resumed(*other, *other_mean, stem);
    EXPECT_EQ(resumed.next_step(), 3);
    step(*network, training);
    step(*other, resumed);
    const auto weights = model::weights_of(*mean, model::Storage::float32);
    for (const auto& [name, tensor] : model::weights_of(*other_mean, model::Storage::float32))
        EXPECT_TRUE(torch::allclose(tensor, weights.at(name), 1e-4, 1e-6)) << name;
}

}  // namespace
}  // namespace lowkey::train
