// Between photo scale and the working scale, where cost does not depend on the photo's size.
#pragma once

#include <functional>
#include <opencv2/core.hpp>

#include "lowkey/picture.h"

namespace lowkey::cloak {

// A crop of the template that spans `span` photo pixels is worked on at about this many: two
// working pixels a template pixel (docs/method.md has the measurement).
inline constexpr double kWorkingSpan = 224;

// Photo pixels along one side of a working pixel, >= 1.
int working_factor(double span);

// Block means of a region, CV_32FC3 RGB in [0, 1]; blocks at the right and lower edge may be
// partial. Reads the photo in strips, so that no float copy of the region is ever made. NaN becomes
// 0.
cv::Mat reduce(const PictureView& picture, const Rect& region, int factor);

// Cover of a part of the photo by the perturbation, CV_32FC1 in [0, 1].
using Cover = std::function<cv::Mat(const Rect& part)>;
cv::Mat reduce(const Cover& cover, const Rect& region, int factor);

// Adds cover * spline(coefficients) to the photo, strip by strip; `coefficients` is CV_32FC3 with
// one node a block of `reduce`. With factor 1 the coefficients are added as they are.
void add_spline(Picture& picture, const Rect& region, int factor, const cv::Mat& coefficients,
                const Cover& cover);

}  // namespace lowkey::cloak
