#include "train/perceptual.h"

#include <gtest/gtest.h>

#include "model/arch/network.h"
#include "train/distort.h"
#include "train/perceptual_check.h"

namespace lowkey::train {
namespace {

// Two crops of coloured noise on a gradient.
Crops noise_crops() {
    torch::manual_seed(3);
    const auto coarse =
        torch::upsample_bilinear2d(torch::rand({2, 3, 9, 9}), {kCropSize, kCropSize}, false);
    const auto pixels = (coarse * 200 + torch::rand_like(coarse) * 50).to(torch::kUInt8);
    return {pixels.permute({0, 2, 3, 1}).contiguous(), {"a", "b"}};
}

Pairs noise_pairs(int size) {
    const auto crops = noise_crops();
    Random random(4);
    std::vector<cv::Mat> clean, changed;
    for (int64_t i = 0; i < 2; ++i) {
        clean.push_back(random_part(crops, i, size, random));
        for (int k = 0; k < 3; ++k) changed.push_back(distorted(clean.back(), random));
    }
    return {stacked(clean), stacked(changed)};
}

std::shared_ptr<model::LpipsNetwork> random_network(const char* backbone, double width) {
    const auto network = std::make_shared<model::LpipsNetwork>(backbone, width);
    model::initialise(*network);
    return network;
}

TEST(RankCorrelation, IsThatOfRanks) {
    EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {1, 10, 100, 1000}), 1);
    EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1);
    // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 1, 1, 1, 1, 0.
    EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4, 5}, {2, 1, 4, 3, 5}), 0.8);
}

// Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: Pearson's correlation of these is 4.5 / sqrt(4.5 * 5).
TEST(RankCorrelation, EqualValuesShareTheirMeanRank) {
    EXPECT_NEAR(rank_correlation({1, 2, 2, 3}, {1, 2, 3, 4}), 4.5 / std::sqrt(4.5 * 5), 1e-12);
}

TEST(Distortions, StayInRangeChangeThePictureAndRepeat) {
    const auto crops = noise_crops();
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Random random(seed), again(seed);
        const auto picture = random_part(crops, 1, 64, random);
        const auto changed = distorted(picture, random);
        ASSERT_EQ(changed.size(), cv::Size(64, 64)) << seed;
        ASSERT_TRUE(cv::checkRange(picture, true, nullptr, 0, 1 + 1e-6)) << seed;
        ASSERT_TRUE(cv::checkRange(changed, true, nullptr, 0, 1 + 1e-6)) << seed;
        EXPECT_GT(cv::norm(picture, changed), 0) << seed;
        const auto same = distorted(random_part(crops, 1, 64, again), again);
        EXPECT_EQ(cv::norm(same, changed), 0) << seed;
    }
}

TEST(PerceptualStudent, MapsAverageToTheDistance) {
    const auto pairs = noise_pairs(64);
    for (const auto& [backbone, width] : {std::pair{"squeeze", 0.25}, {"lowkey", 0.25}}) {
        const auto network = random_network(backbone, width);
        const torch::NoGradGuard no_gradient;
        const auto maps = difference_maps(look(*network, pairs));
        ASSERT_EQ(maps.size(), 4U) << backbone;
        const auto rows = torch::repeat_interleave(pairs.clean, 3, 0);
        const auto expected =
            network->distance(network->features(rows), network->features(pairs.changed));
        EXPECT_TRUE(torch::allclose(distances(maps), expected, 1e-4, 1e-7)) << backbone;
    }
}

TEST(PerceptualStudent, LearnsWhatItsTeacherSays) {
    const auto pairs = noise_pairs(64);
    const auto teacher = random_network("squeeze", 0.25), student = random_network("lowkey", 0.25);
    match_scale(*student, *teacher, pairs);
    Pupil pupil(student, *teacher, pairs);
    Optimiser optimiser(pupil);
    std::vector<Losses> losses;
    for (int step = 0; step < 40; ++step) {
        losses.push_back(add_gradient(pupil, *teacher, pairs));
        optimiser.step(3e-3);
    }
    EXPECT_NEAR(losses.front().differences, 1, 0.1) << "hints begin with nothing";
    EXPECT_LT(losses.back().distance, losses.front().distance / 2);
    EXPECT_LT(losses.back().differences, 0.9 * losses.front().differences);
    EXPECT_LT(losses.back().features, 0.9 * losses.front().features);
}

// Features turned and doubled: the maps alone can say so, and then nothing is left.
TEST(PerceptualStudent, HintsExplainWhatALinearMapCan) {
    const auto pairs = noise_pairs(64);
    const auto teacher = look(*random_network("squeeze", 0.25), pairs);
    Hints hints(teacher, teacher);
    EXPECT_NEAR(hints.unexplained_differences(teacher, teacher).mean().item<double>(), 1, 0.1);
    for (auto& item : hints.named_parameters()) {
        torch::NoGradGuard no_gradient;
        const auto turned = torch::eye(item.value().size(0)).flip(0).view(item.value().sizes());
        item.value().copy_(2 * turned);
    }
    Seen halved = teacher;
    for (auto* side : {&halved.changed, &halved.differences}) {
        for (auto& grid : *side) grid = grid.flip(1) / 2;
    }
    EXPECT_NEAR(hints.unexplained_differences(halved, teacher).mean().item<double>(), 0, 1e-6);
    EXPECT_NEAR(hints.unexplained_features(halved, teacher).item<double>(), 0, 1e-6);
}

TEST(PerceptualStudent, StartsAtItsTeachersScale) {
    const auto pairs = noise_pairs(64);
    const auto teacher = random_network("squeeze", 0.25), student = random_network("lowkey", 0.25);
    match_scale(*student, *teacher, pairs);
    const torch::NoGradGuard no_gradient;
    const double of_student =
        distances(difference_maps(look(*student, pairs))).mean().item<double>();
    const double of_teacher =
        distances(difference_maps(look(*teacher, pairs))).mean().item<double>();
    EXPECT_NEAR(of_student, of_teacher, 1e-4 * of_teacher);
}

}  // namespace
}  // namespace lowkey::train
