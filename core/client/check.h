// What can be known to be unusable before a worker is asked.
#pragma once

#include "lowkey/picture.h"

namespace lowkey::client {

// Throws Error(input) for a picture without pixels or of an absurd size, or a selection that does
// not fit.
void check(const PictureView& picture, const MaskView& selection);

}  // namespace lowkey::client
