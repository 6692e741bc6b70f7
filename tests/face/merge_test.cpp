#include "face/merge.h"

#include <gtest/gtest.h>

#include "face/tiles.h"

namespace lowkey::face {
namespace {

Face box(float x, float y, float width, float height, float score) {
    Face face;
    face.x = x;
    face.y = y;
    face.width = width;
    face.height = height;
    face.score = score;
    return face;
}

TEST(KeepBest, DropsOverlapsAndParts) {
    const std::vector<Face> kept = keep_best({box(0, 0, 100, 100, 0.8F), box(10, 5, 100, 100, 0.9F),
                                              box(60, 60, 20, 20, 0.7F), box(300, 0, 50, 50, 0.6F)},
                                             0.3F);
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0].score, 0.9F);
    EXPECT_EQ(kept[1].x, 300);
}

TEST(KeepBest, KeepsHeadsSideBySide) {
    EXPECT_EQ(keep_best({box(0, 0, 100, 130, 0.9F), box(70, 10, 100, 130, 0.9F)}, 0.3F).size(), 2U);
}

TEST(SortLargestFirst, BreaksTiesByPosition) {
    std::vector<Face> faces = {box(50, 9, 10, 10, 1), box(3, 9, 10, 10, 1), box(9, 2, 10, 10, 1),
                               box(0, 99, 20, 20, 1)};
    sort_largest_first(faces);
    EXPECT_EQ(faces[0].y, 99);
    EXPECT_EQ(faces[1].y, 2);
    EXPECT_EQ(faces[2].x, 3);
    EXPECT_EQ(faces[3].x, 50);
}

TEST(PlanLevels, CoversEveryPixelOfEveryLevel) {
    for (const cv::Size photo :
         {cv::Size(6000, 4000), cv::Size(640, 640), cv::Size(100, 3000), cv::Size(20, 20)})
        for (const Level& level : plan_levels(photo, 640, 1.0, 160)) {
            cv::Mat covered = cv::Mat::zeros(level.size, CV_8U);
            for (const cv::Rect& tile : level.tiles) {
                EXPECT_LE(tile.width, 640);
                EXPECT_LE(tile.height, 640);
                covered(tile).setTo(1);
            }
            EXPECT_EQ(cv::countNonZero(covered), level.size.area());
        }
}

TEST(PlanLevels, IsBoundedAndReachesFullSizeAt24Megapixels) {
    const auto count = [](const std::vector<Level>& levels) {
        std::size_t tiles = 0;
        for (const Level& level : levels) tiles += level.tiles.size();
        return tiles;
    };
    const std::vector<Level> ordinary = plan_levels({6000, 4000}, 640, 1.0, 160);
    EXPECT_DOUBLE_EQ(ordinary.front().scale, 1.0);
    EXPECT_LE(count(ordinary), 160U);
    const std::vector<Level> huge = plan_levels({30000, 20000}, 640, 1.0, 160);
    EXPECT_LE(count(huge), 160U);
    EXPECT_GT(huge.front().scale, 0.15);
    EXPECT_EQ(count(plan_levels({1, 30000}, 640, 1.0, 160)),
              count(plan_levels({30000, 1}, 640, 1.0, 160)));
}

}  // namespace
}  // namespace lowkey::face
