#include "face/face.h"

namespace lowkey::face {

// Means of YuNet's landmarks in YuNet's boxes over 1,000 faces of LFW, as shares of width and
// height.
Face face_from_region(const Rect& region) {
    constexpr std::array<Point, 5> mean = {
        {{0.30F, 0.42F}, {0.70F, 0.42F}, {0.50F, 0.60F}, {0.34F, 0.77F}, {0.66F, 0.77F}}};
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
