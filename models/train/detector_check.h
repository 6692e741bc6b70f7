// How well a detector agrees with YuNet.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "face/face.h"

namespace lowkey::train {

// Faces of one photo: by YuNet at score 0.3 or more, and by the detector under test.
struct Findings {
    std::vector<Face> truth, found;
};

std::vector<Findings> look(face::Detector& detector, face::Detector& yunet,
                           const std::vector<std::filesystem::path>& photos);

struct Agreement {
    int photos = 0;
    int faces = 0;              // of YuNet, at score 0.8 or more
    int matched = 0;            // of these, by a box of IoU 0.5 or more
    int false_boxes = 0;        // that match no face of YuNet at 0.3 or more
    double landmark_error = 0;  // mean distance over the eye distance, of the matched
};

// What a detector sees in the mirror, as places of the photo itself.
std::vector<Face> in_mirror(face::Detector& detector, const cv::Mat& rgb);

// The faces of `seen` that `mirrored` has, too, by a box of IoU 0.5 or more; their landmarks are
// the means of both, which spares a detector the half of its own scatter.
std::vector<Face> averaged(const std::vector<Face>& seen, const std::vector<Face>& mirrored);

// Of the detector's faces from `score` up. A face of either side is matched once, best overlap
// first.
Agreement agreement(const std::vector<Findings>& findings, float score);

struct CheckSettings {
    std::string detector;            // safetensors, ONNX, or "cascade"
    std::filesystem::path close_up;  // weights of its second look, if not in the same file
    std::filesystem::path yunet;
    std::vector<std::filesystem::path> folders;  // of photos; each a line of the result
    std::filesystem::path people;                // LFW; a line of the result, too
    bool training_people = false;                // for choosing limits
    std::size_t people_photos = 1000;            // evenly over the sorted photos
    std::filesystem::path labels;  // with it, empty backgrounds of these photos are looked at, too
    int backgrounds = 0;
    bool curve = false;   // figures for one score after the other
    bool mirror = false;  // YuNet against itself in the mirror, and the detector against their mean
};

// Prints a line of figures for each set. Throws Error(file), Error(pack).
void check_detector(const CheckSettings& settings);

}  // namespace lowkey::train
