#include "face/alignment.h"

#include <cmath>

namespace lowkey::face {

const std::array<Point, 5> kArcFaceTemplate = {{
    {38.2946F, 51.6963F},
    {73.5318F, 51.5014F},
    {56.0252F, 71.7366F},
    {41.5493F, 92.3655F},
    {70.7299F, 92.2041F},
}};

// In two dimensions Umeyama's singular value decomposition has a closed form: with centred points
// as complex numbers t and p, the best rotation and scale is the one number z = sum(conj(t) p) /
// sum(|t|^2).
cv::Matx23d template_to_picture(const std::array<Point, 5>& landmarks) {
    double template_x = 0, template_y = 0, picture_x = 0, picture_y = 0;
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        template_x += kArcFaceTemplate[i].x / 5.0;
        template_y += kArcFaceTemplate[i].y / 5.0;
        picture_x += landmarks[i].x / 5.0;
        picture_y += landmarks[i].y / 5.0;
    }
    double real = 0, imaginary = 0, norm = 0;
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        const double tx = kArcFaceTemplate[i].x - template_x,
                     ty = kArcFaceTemplate[i].y - template_y;
        const double px = landmarks[i].x - picture_x, py = landmarks[i].y - picture_y;
        real += tx * px + ty * py;
        imaginary += tx * py - ty * px;
        norm += tx * tx + ty * ty;
    }
    real /= norm;
    imaginary /= norm;
    // A Face counts from the pixel's corner, a sampling matrix from its centre.
    constexpr double corner_to_centre = -0.5;
    return {real,
            -imaginary,
            picture_x - real * template_x + imaginary * template_y + corner_to_centre,
            imaginary,
            real,
            picture_y - imaginary * template_x - real * template_y + corner_to_centre};
}

cv::Matx23d crop_to_picture(const cv::Matx23d& m, const CropGeometry& crop) {
    return {m(0, 0) * crop.step,
            m(0, 1) * crop.step,
            m(0, 0) * crop.offset_x + m(0, 1) * crop.offset_y + m(0, 2),
            m(1, 0) * crop.step,
            m(1, 1) * crop.step,
            m(1, 0) * crop.offset_x + m(1, 1) * crop.offset_y + m(1, 2)};
}

}  // namespace lowkey::face
