// A second, closer look at every face that a detector found (a cascade, as in Zhang et al., "Joint
// Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", IEEE SPL 2016).
#pragma once

#include <array>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"

namespace lowkey::face {

// The square that is looked at, in whole pixels of the photo: a quarter larger than the box. It may
// lie partly outside the photo.
cv::Rect close_up_window(const Face& face);

// The window as a picture of side x side pixels, black outside the photo.
cv::Mat cut_window(const cv::Mat& rgb, const cv::Rect& window, int side);

// What a network says of a window, lengths in the window's side, from its middle.
struct CloseUp {
    float score;               // 0..1
    std::array<float, 4> box;  // its middle, the logarithms of its width and height
    std::array<float, 10> landmarks;
};

class CloseUpLook {
  public:
    virtual ~CloseUpLook() = default;
    virtual int side() const = 0;
    // CV_8UC3 pictures of side x side pixels, RGB order; an answer for each.
    virtual std::vector<CloseUp> run(const std::vector<cv::Mat>& pictures) = 0;
};

// In pixels of the photo; the score is the answer's.
Face face_of(const CloseUp& answer, const cv::Rect& window);

// The faces of `first` that score enough when looked at again, box and landmarks as seen then.
// Their score is the geometric mean of both scores. Photos with a side over `square` pixels were
// looked at in parts: there `limits.part` is wanted.
std::unique_ptr<Detector> make_closer(std::unique_ptr<Detector> first,
                                      std::unique_ptr<CloseUpLook> look, ScoreLimits limits,
                                      int square);

}  // namespace lowkey::face
