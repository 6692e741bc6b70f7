#include <array>

#include "face/face.h"

namespace lowkey::face {

// Means of YuNet's landmarks in its boxes over 506 people of LFW, made symmetric: shares of width
// and height.
Face face_from_region(const Rect& region) {
    constexpr std::array<Point, 5> mean = {
        {{0.274F, 0.386F}, {0.726F, 0.386F}, {0.5F, 0.588F}, {0.299F, 0.734F}, {0.701F, 0.734F}}};
    Face face;
    face.x = static_cast<float>(region.x);
    face.y = static_cast<float>(region.y);
    face.width = static_cast<float>(region.width);
    face.height = static_cast<float>(region.height);
    face.from_region = true;
    for (std::size_t i = 0; i < mean.size(); ++i)
        face.landmarks[i] = {face.x + mean[i].x * face.width, face.y + mean[i].y * face.height};
    return face;
}

}  // namespace lowkey::face
