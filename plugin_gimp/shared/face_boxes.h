// The faces of a dialog: which are chosen, and which lies under the pointer.
#pragma once

#include <optional>
#include <vector>

#include "shared/layer_job.h"

namespace lowkey::gimp {

struct FaceBox {
    LayerJob::Candidate candidate;
    bool chosen = true;
};

// Position in `boxes` of the smallest box around the point, in pixels of the layer.
std::optional<std::size_t> box_at(const std::vector<FaceBox>& boxes, double x, double y);

bool any_chosen(const std::vector<FaceBox>& boxes);

// For Settings::faces: empty if all are chosen, so that the request is the batch's own.
std::vector<int> chosen_faces(const std::vector<FaceBox>& boxes);

// Where a picture lies when it is shown whole and centred in an area: shown = scale * pixel +
// offset.
struct Fit {
    double scale = 1, x = 0, y = 0;
};
Fit fit(int width, int height, int area_width, int area_height);

// The part of a picture to preview a face in: the box with half its size around it, cut to the
// picture.
Rect surroundings(const Face& face, int width, int height);

}  // namespace lowkey::gimp
