// What a detector's cells should answer, and how far they are from it.
#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <vector>

#include "train/scene.h"

namespace lowkey::train {

// A cell of the heads of a square, at the column x and row y of its stride.
struct Cell {
    int x, y, stride;
};

// Cells of all strides in one order: the finest stride first, each in rows.
int64_t cell_count(int size);
Cell cell_at(int64_t index, int size);

struct Assignment {
    struct Positive {
        int64_t cell;
        std::size_t face;
    };
    std::vector<Positive> positives;  // by cell; each cell at most once
    std::vector<int64_t> ignored;     // neither face nor background
};

// A face belongs to the cells near its middle, at the stride for its size, or at two strides
// between them. `size`: of the square, a multiple of 32.
Assignment assign(const std::vector<Face>& faces, const std::vector<cv::Rect2f>& unsure, int size);

struct DetectorLoss {
    torch::Tensor total;           // to minimise
    double score, box, landmarks;  // its weighted parts
    double landmark_error;         // mean distance in box sizes (roots of areas)
};

// heads: N x 15 x side x side logits and values at strides 8, 16, 32 for N scenes of one size.
// Score: quality focal loss (Li et al., NeurIPS 2020) whose target at a face grows with the box's
// IoU. Box: GIoU (Rezatofighi et al., CVPR 2019). Landmarks: smooth L1 in box sizes.
DetectorLoss detector_loss(const std::array<torch::Tensor, 3>& heads,
                           const std::vector<Scene>& scenes);

}  // namespace lowkey::train
