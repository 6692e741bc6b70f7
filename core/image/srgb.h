// The sRGB transfer curve (IEC 61966-2-1), between linear light and display-encoded values of 0..1.
#pragma once

#include <cmath>

namespace lowkey::image {

inline double srgb_encode(double linear) {
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

inline double srgb_decode(double encoded) {
    return encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
}

}  // namespace lowkey::image
