// The part of a picture that a cloak changed: faces are small, so passing and keeping only the
// changed rectangles spares memory, time and disk.
#pragma once

#include <cstddef>
#include <vector>

#include "lowkey/picture.h"

namespace lowkey {

struct Patch {
    Rect rect;
    std::vector<std::byte> pixels;  // the rectangle's rows in the picture's format, packed
};

// Rectangles, disjoint, at most 64 pixels high, that hold every pixel whose bytes differ. Both
// pictures have the same size and format.
std::vector<Rect> changed_rects(const PictureView& before, const PictureView& after);

// Writes the patch's pixels over the picture's. The rectangle lies inside the picture.
void paste(const Patch& patch, Picture& picture);

}  // namespace lowkey
