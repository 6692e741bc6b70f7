// Between sample types and channel layouts, for formats that hold only some of them.
#pragma once

#include "lowkey/picture.h"

namespace lowkey::image {

// The picture with other samples and channels, values scaled to the new range, clamped and rounded.
// Grey may become RGB and alpha may be added (opaque); colour and alpha are never thrown away.
Picture with_format(const PictureView& picture, Sample sample, Channels channels);

}  // namespace lowkey::image
