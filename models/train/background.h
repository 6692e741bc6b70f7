// Pictures without a face, so that a detector learns what is none.
#pragma once

#include <opencv2/core.hpp>

#include "train/labels.h"
#include "train/random.h"

namespace lowkey::train {

// size.width x size.height, CV_8UC3 RGB: surroundings of faces, photos with their faces painted
// over or cut into shuffled blocks, gradients, textures of noise, plain colours.
cv::Mat empty_background(const LabelledPhotos& photos, cv::Size size, Random& random);

// Noise of a random grain, or of several.
cv::Mat noise_texture(cv::Size size, Random& random);

}  // namespace lowkey::train
