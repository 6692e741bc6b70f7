// One list of faces out of overlapping detections.
#pragma once

#include <vector>

#include "lowkey/report.h"

namespace lowkey::face {

// Intersection over union of the boxes.
float overlap(const Face& a, const Face& b);

// What detections of one face share of their union, at least.
inline constexpr float kSameFace = 0.3F;

// Non-maximum suppression by score: a face goes if it overlaps a better one by more than `overlap`
// of their union, or lies almost wholly inside it or around it (an eye of a large face taken for a
// small face).
std::vector<Face> keep_best(std::vector<Face> faces, float overlap);

// Largest first; ties from top to bottom, then left to right, so that indices are stable.
void sort_largest_first(std::vector<Face>& faces);

}  // namespace lowkey::face
