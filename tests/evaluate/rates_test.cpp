// Ranks and thresholds that can be counted by hand.
#include "evaluate/rates.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "lowkey/error.h"

namespace lowkey::evaluate {
namespace {

// Unit vectors in the plane, at these angles (degrees) to the first axis.
torch::Tensor at_degrees(const std::vector<double>& angles) {
    torch::Tensor rows = torch::empty({static_cast<int64_t>(angles.size()), 2});
    for (std::size_t i = 0; i < angles.size(); ++i) {
        const double angle = angles[i] * M_PI / 180;
        rows[static_cast<int64_t>(i)][0] = std::cos(angle);
        rows[static_cast<int64_t>(i)][1] = std::sin(angle);
    }
    return rows;
}

TEST(Search, CountsWhoIsNearer) {
    const auto searches = search_gallery(at_degrees({0, 90}), at_degrees({20, 95}), {true, true},
                                         at_degrees({10, -15, 100, 180}));
    ASSERT_EQ(searches.size(), 2U);
    EXPECT_EQ(searches[0].rank, 3);  // behind 10 and -15
    EXPECT_NEAR(searches[0].cosine, std::cos(20 * M_PI / 180), 1e-6);
    EXPECT_EQ(searches[1].rank, 1);
}

TEST(Search, OtherSubjectsStandInTheGallery) {
    const auto searches = search_gallery(at_degrees({0, 0}), at_degrees({30, 10}), {true, true},
                                         torch::empty({0, 2}));
    EXPECT_EQ(searches[0].rank, 2);
    EXPECT_EQ(searches[1].rank, 1);
}

TEST(Search, TieCountsForTheRecogniser) {
    // Mirror images about the probe, and the very same row three times.
    const auto tied =
        search_gallery(at_degrees({0}), at_degrees({40}), {true}, at_degrees({40, 40, 40, -40}));
    EXPECT_EQ(tied[0].rank, 1);
    const auto behind =
        search_gallery(at_degrees({0}), at_degrees({40}), {true}, at_degrees({40, 39.9, 40}));
    EXPECT_EQ(behind[0].rank, 2);
}

TEST(Search, FacelessPhotoIsNobodysMatch) {
    const auto searches =
        search_gallery(at_degrees({0, 50}), at_degrees({0, 0}), {true, false}, at_degrees({90}));
    EXPECT_EQ(searches[0].rank, 1);
    EXPECT_EQ(searches[1].rank, 0);
    const auto in_front =
        search_gallery(at_degrees({0, 50}), at_degrees({5, 0}), {true, false}, at_degrees({90}));
    EXPECT_EQ(in_front[0].rank, 1);  // the photo at 0 degrees is not enrolled
}

TEST(Threshold, OneImpostorIsRefused) {
    // One pair: a thousandth of it is none, so it must not pass.
    const double threshold = accept_threshold(at_degrees({0, 60}));
    EXPECT_NEAR(threshold, 0.5, 1e-6);
}

TEST(Threshold, AcceptsTheShareAskedFor) {
    // 45 pairs of 10 people at angles that double: all differences differ.
    const torch::Tensor gallery = at_degrees({0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7, 25.5, 51.1});
    const torch::Tensor pairs = gallery.to(torch::kDouble).matmul(gallery.to(torch::kDouble).t());
    for (const int accepted : {0, 1, 4, 44}) {
        const double threshold = accept_threshold(gallery, (accepted + 0.5) / 45);
        int above = 0;
        for (int i = 0; i < 10; ++i)
            for (int j = i + 1; j < 10; ++j)
                above += static_cast<float>(pairs[i][j].item<double>()) > threshold ? 1 : 0;
        EXPECT_EQ(above, accepted);
    }
}

TEST(Threshold, TiedImpostorsAreAllRefused) {
    // Three of six pairs are identical faces of different people: none may pass at half of them.
    const torch::Tensor gallery = at_degrees({0, 0, 0, 60});
    EXPECT_NEAR(accept_threshold(gallery, 2.0 / 6), 1, 1e-6);
    EXPECT_NEAR(accept_threshold(gallery, 3.0 / 6), 0.5, 1e-6);
}

TEST(Threshold, NeedsAnImpostor) {
    try {
        accept_threshold(at_degrees({0}));
        FAIL() << "one person has no impostor";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::input);
    }
}

TEST(Rates, ShareOfProbes) {
    const std::vector<Search> searches = {{1, .9},  {2, .5},  {5, .4}, {6, .3},
                                          {50, .2}, {51, .1}, {0, 0},  {0, 0}};
    const Rates rates = rates_of(searches, 0.4);
    EXPECT_DOUBLE_EQ(rates.rank1, 1.0 / 8);
    EXPECT_DOUBLE_EQ(rates.rank5, 3.0 / 8);
    EXPECT_DOUBLE_EQ(rates.rank50, 5.0 / 8);
    EXPECT_DOUBLE_EQ(rates.true_accept, 2.0 / 8);  // at the threshold is not above it
    EXPECT_NEAR(rates.cosine, 0.4, 1e-12);         // of the six that are enrolled
    EXPECT_EQ(rates.not_found, 2);
}

TEST(Rates, NobodyEnrolledIsNoDivisionByNothing) {
    const Rates rates = rates_of({{0, 0}, {0, 0}}, -1);
    EXPECT_EQ(rates.rank50, 0);
    EXPECT_EQ(rates.true_accept, 0);
    EXPECT_EQ(rates.cosine, 0);
    EXPECT_EQ(rates.not_found, 2);
}

TEST(Rates, MeanOfJudges) {
    const Rates mean = mean_of({{.2, .4, .6, .1, .5, 1}, {.4, .6, 1, .3, -.1, 2}});
    EXPECT_NEAR(mean.rank1, .3, 1e-12);
    EXPECT_NEAR(mean.rank5, .5, 1e-12);
    EXPECT_NEAR(mean.rank50, .8, 1e-12);
    EXPECT_NEAR(mean.true_accept, .2, 1e-12);
    EXPECT_NEAR(mean.cosine, .2, 1e-12);
    EXPECT_EQ(mean.not_found, 1.5);
}

}  // namespace
}  // namespace lowkey::evaluate
