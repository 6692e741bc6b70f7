// The part of a photo that one face's cloak may change, and how strongly where.
#pragma once

#include <opencv2/core.hpp>
#include <optional>

#include "lowkey/picture.h"
#include "lowkey/report.h"

namespace lowkey::cloak {

struct FaceRegion {
    cv::Matx23d template_to_picture;  // integer pixel centres
    double span = 0;                  // photo pixels along one side of the 112x112 template
    Rect rect;                        // everything the cloak may change, inside the photo
    Rect box;                         // the face box, inside the photo
    int factor = 1;                   // photo pixels a working pixel
};

// Nothing if the face lies outside the picture but for a few pixels or its landmarks coincide.
std::optional<FaceRegion> face_region(const Face& face, int width, int height);

// 1 inside the template's square, falling smoothly to 0 at the region's edge, times the selection.
cv::Mat cover(const FaceRegion& region, const MaskView& selection, const Rect& part);

// Share of the face box that is selected, 0..1.
double selected_share(const Rect& box, const MaskView& selection);

// The transform to the working picture of `region.rect` reduced by `factor`.
cv::Matx23d template_to_working(const FaceRegion& region, int factor);
// The face box in that working picture.
cv::Rect box_in_working(const FaceRegion& region, int factor);

}  // namespace lowkey::cloak
