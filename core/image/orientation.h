#pragma once

#include "lowkey/picture.h"

namespace lowkey::image {

// The picture as it is meant to be seen, given its EXIF orientation (1..8; others leave it as it
// is).
Picture upright(Picture picture, int orientation);

// 5 to 8 swap width and height.
bool swaps_sides(int orientation);

}  // namespace lowkey::image
