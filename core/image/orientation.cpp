#include "image/orientation.h"

#include <opencv2/core.hpp>

namespace lowkey::image {
namespace {

cv::Mat as_matrix(Picture& picture) {
    // Pixels are moved whole, so only their size matters; 8-bit channels can express every one
    // (1..16).
    const auto bytes = static_cast<int>(bytes_per_pixel(picture.format()));
    return {picture.height(), picture.width(), CV_8UC(bytes), picture.row(0), picture.stride()};
}

}  // namespace

bool swaps_sides(int orientation) {
    return orientation >= 5 && orientation <= 8;
}

Picture upright(Picture picture, int orientation) {
    if (orientation < 2 || orientation > 8) return picture;
    const bool turned = swaps_sides(orientation);
    Picture result(turned ? picture.height() : picture.width(),
                   turned ? picture.width() : picture.height(), picture.format());
    cv::Mat from = as_matrix(picture), to = as_matrix(result);
    // EXIF 2.32, tag 0x0112: where the stored row 0 and column 0 are in the upright picture.
    switch (orientation) {
        case 2:
            cv::flip(from, to, 1);
            break;
        case 3:
            cv::flip(from, to, -1);
            break;
        case 4:
            cv::flip(from, to, 0);
            break;
        case 5:
            cv::transpose(from, to);
            break;
        case 6:
            cv::rotate(from, to, cv::ROTATE_90_CLOCKWISE);
            break;
        case 7:
            cv::transpose(from, to);
            cv::flip(to, to, -1);
            break;
        case 8:
            cv::rotate(from, to, cv::ROTATE_90_COUNTERCLOCKWISE);
            break;
        default:
            break;
    }
    return result;
}

}  // namespace lowkey::image
