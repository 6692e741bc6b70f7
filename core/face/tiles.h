// How a detector with a fixed square input looks at a photo of any size.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace lowkey::face {

// The photo, resized by `scale`, and the parts of it that go into the square one by one.
struct Level {
    double scale = 1;
    cv::Size size;
    std::vector<cv::Rect> tiles;
};

// Finest first: overlapping tiles at `finest_scale` and at half the scale each, then the whole
// photo at all and at half of the square (the half finds a face that fills the frame). The finest
// scale is lowered where there would be more than `most_tiles` in all.
std::vector<Level> plan_levels(cv::Size photo, int square, double finest_scale, int most_tiles);

// Neighbouring tiles share this many pixels: more than any face that only this level can find.
inline constexpr int kTileOverlap = 128;

}  // namespace lowkey::face
