// From 8-bit pictures to what the detector's networks take.
#pragma once

#include <torch/types.h>

#include <opencv2/core.hpp>
#include <vector>

namespace lowkey::model {

// One or more pictures of one size, CV_8UC3 RGB, as N x 3 x height x width in [-1, 1] on the
// device.
torch::Tensor pixels_of(const std::vector<cv::Mat>& pictures, const torch::Device& device);

}  // namespace lowkey::model
