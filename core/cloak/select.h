// Which of the faces found are cloaked.
#pragma once

#include <string>
#include <vector>

#include "lowkey/options.h"
#include "lowkey/picture.h"
#include "lowkey/report.h"

namespace lowkey::cloak {

struct ChosenFace {
    Face face;
    int index = 0;  // as detect() orders them; for a region that stands in for a face: faces.size()
};

struct Choice {
    std::vector<ChosenFace> faces;
    std::vector<std::string> notes;
};

// That a face lies outside the picture but for a few pixels (region.h).
std::string outside_note(int index);

// Throws Error(no_face) if nothing is left to cloak, Error(input) for an index or region that the
// picture does not have.
Choice choose_faces(const std::vector<Face>& found, const Options& options,
                    const MaskView& selection, int width, int height);

}  // namespace lowkey::cloak
