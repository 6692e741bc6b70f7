#include "face/tiles.h"

#include <algorithm>
#include <cmath>

namespace lowkey::face {
namespace {

// Starts of the tiles along one side, the last one flush with the end.
std::vector<int> tile_starts(int length, int square) {
    if (length <= square) return {0};
    const int count = 1 + (length - square + square - kTileOverlap - 1) / (square - kTileOverlap);
    std::vector<int> starts;
    for (int i = 0; i < count; ++i)
        starts.push_back(static_cast<int>(static_cast<long>(length - square) * i / (count - 1)));
    return starts;
}

Level level_at(cv::Size photo, int square, double scale) {
    Level level;
    level.scale = scale;
    level.size = {std::max(1, static_cast<int>(std::lround(photo.width * scale))),
                  std::max(1, static_cast<int>(std::lround(photo.height * scale)))};
    for (int y : tile_starts(level.size.height, square))
        for (int x : tile_starts(level.size.width, square))
            level.tiles.push_back(cv::Rect(x, y, square, square) & cv::Rect({0, 0}, level.size));
    return level;
}

std::vector<Level> levels_up_to(cv::Size photo, int square, double finest_scale) {
    const double fit = static_cast<double>(square) / std::max(photo.width, photo.height);
    std::vector<Level> levels;
    for (double scale = finest_scale; scale > fit; scale /= 2)
        levels.push_back(level_at(photo, square, scale));
    levels.push_back(level_at(photo, square, fit));
    levels.push_back(level_at(photo, square, fit / 2));
    return levels;
}

}  // namespace

std::vector<Level> plan_levels(cv::Size photo, int square, double finest_scale, int most_tiles) {
    constexpr std::size_t whole_photo_levels = 2;
    for (double finest = finest_scale;; finest *= 0.9) {
        std::vector<Level> levels = levels_up_to(photo, square, finest);
        std::size_t tiles = 0;
        for (const Level& level : levels) tiles += level.tiles.size();
        if (tiles <= static_cast<std::size_t>(most_tiles) || levels.size() == whole_photo_levels)
            return levels;
    }
}

}  // namespace lowkey::face
