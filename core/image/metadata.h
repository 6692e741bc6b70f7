// EXIF, XMP and IPTC through Exiv2, in memory. Safe to call from several threads.
#pragma once

#include "image/codec.h"

namespace lowkey::image {

// EXIF orientation 1..8 of a picture file; 1 where it says nothing or cannot be read.
int orientation_of(ByteSpan file);

// What of `source`'s metadata may be kept, put into `encoded` (a fresh file without metadata):
// without GPS, thumbnails and previews, maker notes (they hold previews of the clean face in
// undocumented places) and what describes the source's coding; orientation 1, size that of the
// picture. False, with `encoded` as it was, if the metadata cannot be read or does not fit.
bool copy_metadata(ByteSpan source, Bytes& encoded, int width, int height);

}  // namespace lowkey::image
