// What the second look of the detector is taught on: the places where its first look sees a face.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <vector>

#include "train/scene.h"

namespace lowkey::train {

struct CandidateSettings {
    std::filesystem::path people, labels;  // photos, and the folder that label_photos() made
    std::filesystem::path detector;        // weights of the first look
    std::filesystem::path out;             // candidates.safetensors
    int scenes = 1500;                     // of 640 pixels, beside the labelled photos themselves
    std::uint64_t seed = 1;
};

// Looks at every labelled photo and at scenes made of them, and keeps what scores 0.15 or more:
// faces by their labels, and places that are none. Throws Error(file), Error(pack).
void make_candidates(const CandidateSettings& settings);

// A place and what it is. Faces in pixels of the picture.
struct Candidate {
    cv::Mat rgb;  // CV_8UC3, 96 x 96: the window and a quarter of its side around it
    bool is_face = false;
    Face face;
};

struct Candidates {
    std::vector<Candidate> faces, others;
};

// Throws Error(file) if there are not any of both.
Candidates read_candidates(const std::filesystem::path& folder);

// A batch of what the second look sees, three fifths of it faces, and of what it should answer.
struct CloseUpBatch {
    torch::Tensor pictures;  // N x 3 x 64 x 64 in [-1, 1]
    torch::Tensor answers;   // N x 15, the score 0 or 1; the rest means nothing where it is 0
};
CloseUpBatch close_up_batch(const Candidates& candidates, int count, Random& random);

}  // namespace lowkey::train
