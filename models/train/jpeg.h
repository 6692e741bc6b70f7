#pragma once

#include <opencv2/core.hpp>

#include "train/random.h"

namespace lowkey::train {

// Through JPEG of a random quality between the two and back. Three channels of any order, 8 bits or
// float in [0, 1].
void compress(cv::Mat& picture, Random& random, int lowest, int highest);

}  // namespace lowkey::train
