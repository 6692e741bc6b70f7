// What a detector network says of a square picture, and the detector that asks it about photos of
// any size.
#pragma once

#include <array>
#include <memory>
#include <opencv2/core.hpp>

#include "face/face.h"

namespace lowkey::face {

// Pixels of the square between neighbouring cells of a head.
inline constexpr std::array kStrides = {8, 16, 32};

// The answer at one stride: a row for each cell, cells in rows of (square / stride), CV_32F.
// YuNet's format; for the cell (x, y), in pixels of the square divided by the stride:
struct Head {
    cv::Mat score;      // of one column, 0..1
    cv::Mat box;        // of four: centre (x + b0, y + b1), size (exp b2, exp b3)
    cv::Mat landmarks;  // of ten: landmark j (x + k[2j], y + k[2j + 1])
};
using Heads = std::array<Head, kStrides.size()>;

class HeadNetwork {
  public:
    virtual ~HeadNetwork() = default;
    // The side of the square in pixels, a multiple of the largest stride.
    virtual int square() const = 0;
    // square_rgb: CV_8UC3 of that size, RGB order; a smaller picture lies at the top left, the rest
    // is black. Every Mat of the answer is continuous and has the columns stated above.
    virtual Heads run(const cv::Mat& square_rgb) = 0;
};

// Looks at the photo as plan_levels() says and merges what the network finds.
std::unique_ptr<Detector> make_detector(std::unique_ptr<HeadNetwork> network, ScoreLimits limits);

}  // namespace lowkey::face
