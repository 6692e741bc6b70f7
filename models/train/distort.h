// Pictures and what may be done to them: what a perceptual measure is taught and judged on.
#pragma once

#include <torch/types.h>

#include <opencv2/core.hpp>
#include <vector>

#include "train/crops.h"
#include "train/random.h"

namespace lowkey::train {

// A size x size part of a crop, CV_32FC3 RGB in [0, 1]: enlarged 0.8 to 2.4 times, perhaps
// mirrored, sharpened or grainy, because a camera's faces are finer than enlarged ones.
cv::Mat random_part(const Crops& crops, int64_t index, int size, Random& random);

// One to three distortions of every strength, from hardly measurable to ruinous: structured noise
// (pixel-fine to face-wide, in light or colour, all over or in patches), blur, resizing, JPEG,
// colour, contrast, small warps. Result in [0, 1], half of the time rounded to 8 bits.
cv::Mat distorted(const cv::Mat& picture, Random& random);

// N x 3 x H x W of pictures of one size.
torch::Tensor stacked(const std::vector<cv::Mat>& pictures);

}  // namespace lowkey::train
