// Between host samples and what faces and networks are computed on.
#pragma once

#include <opencv2/core.hpp>

#include "lowkey/picture.h"

namespace lowkey::image {

// 8-bit RGB, encoded, for detection. Grey is repeated over the three channels; alpha is ignored.
cv::Mat to_rgb8(const PictureView& picture);

// CV_32FC3 RGB, encoded, 0..1 (clamped; NaN is 0), of a part of the picture.
cv::Mat region_to_float(const PictureView& picture, const Rect& region);

// Adds `delta` (CV_32FC3, encoded RGB of 1.0, same size as region) to the region of `picture`,
// clamped to the sample's range and rounded to nearest; grey takes the luma of the delta (BT.601);
// alpha is kept. A sample whose delta is zero, or that is NaN or infinite, keeps its bits. Linear
// samples move along the sRGB curve. Float samples beyond 0..1 move but are not cut.
void add_delta(Picture& picture, const Rect& region, const cv::Mat& delta);

}  // namespace lowkey::image
