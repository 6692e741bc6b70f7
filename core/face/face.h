// Face detection on 8-bit RGB pictures. No network library but cv::dnn is used here.
#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "lowkey/report.h"

namespace lowkey::face {

class Detector {
  public:
    virtual ~Detector() = default;
    // rgb: CV_8UC3, RGB order. Faces largest first, ties by position. Faces from 20 px up.
    virtual std::vector<Face> detect(const cv::Mat& rgb) = 0;
};

// The least score of a face where a square shows the whole photo, and where it shows a part of it.
struct ScoreLimits {
    float whole_photo, part;
};

// On 21 photos at 1 and 2.5 times their size, true faces scored 0.54 (cut by the frame) to 0.96.
// False ones reached 0.42 where the whole photo was seen and, in over a thousand tiles, 0.60. A
// missed face costs more.
inline constexpr ScoreLimits kYuNetLimits{0.5F, 0.7F};

// YuNet ONNX through cv::dnn (fixed square input). Throws Error(pack) for an unreadable file.
std::unique_ptr<Detector> make_yunet(const std::filesystem::path& onnx,
                                     ScoreLimits limits = kYuNetLimits);

// OpenCV's cascades (package opencv-data), landmarks estimated. Throws Error(pack) if not
// installed.
std::unique_ptr<Detector> make_cascade();

// The face whose centre is nearest to the picture's: a person's photos show that person in the
// middle, whoever else is in them. `faces` is not empty.
const Face& most_central(const std::vector<Face>& faces, int width, int height);

// A face whose box is the person's own region, landmarks at their mean places in it.
Face face_from_region(const Rect& region);

}  // namespace lowkey::face
