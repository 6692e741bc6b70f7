// Training pictures of the detector: faces of many sizes on many grounds, with their labels.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "train/labels.h"
#include "train/random.h"

namespace lowkey::train {

struct Scene {
    cv::Mat rgb;                     // CV_8UC3, square
    std::vector<Face> faces;         // to be found, in its pixels
    std::vector<cv::Rect2f> unsure;  // neither faces nor background: cut, tiny or doubtful ones
};

// A mosaic of photos, one photo, or an empty background; then light, grain, blur, JPEG and things
// in front of the faces. Faces from about 12 pixels to as large as the square.
Scene make_scene(const LabelledPhotos& photos, int size, Random& random);

// The face after the affine map of pixels; a mirrored face gets its left and right exchanged. The
// box is that around the ellipse in the old box.
Face moved(const Face& face, const cv::Matx23d& map);

// The map for warpAffine, which counts from pixels' centres, of one that counts from their corners.
cv::Matx23d between_centres(const cv::Matx23d& map);

// What cameras do, on CV_8UC3 RGB. `most`: standard deviation of the grain, of 255; 2 at least.
void make_grey(cv::Mat& rgb);
void add_grain(cv::Mat& rgb, Random& random, double most);

}  // namespace lowkey::train
