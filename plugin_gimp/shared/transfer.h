// Pixels between GEGL buffers and lowkey pictures. GIMP 2.10 and GIMP 3 share GEGL, so this is one
// file.
#pragma once

#include <gegl.h>

#include <memory>
#include <vector>

#include "lowkey/picture.h"

namespace lowkey::gimp {

struct Unref {
    void operator()(void* object) const { g_object_unref(object); }
};
using Buffer = std::unique_ptr<GeglBuffer, Unref>;

// The form in which a layer's pixels travel, chosen to change nothing: 8-bit, 16-bit and float
// layers with display encoding go as they are, so that the pixels are those the `lowkey` command
// gets from the file. Every other precision goes as display-encoded float in the layer's own colour
// space.
struct Form {
    PixelFormat format;
    const Babl* babl = nullptr;
};
// Throws Error(input) for an indexed layer.
Form form_of(const Babl* layer_format);

// Throws Error(memory), Error(input).
Picture read(GeglBuffer* layer, const Form& form);

// Writes the pixels that differ between `before` and `after`; every other pixel of the buffer stays
// bit for bit, whatever its precision. Returns the bounds of what changed, empty if nothing did.
// Throws Error(input) if the buffer no longer holds `before` where it would write, in part written.
Rect write_changes(GeglBuffer* layer, const Form& form, const PictureView& before,
                   const PictureView& after);

// A selection cut to a layer.
struct Selection {
    std::vector<std::uint8_t> coverage;  // empty: all of the layer is selected
    int width = 0, height = 0;
    Rect bounds;  // of the non-zero coverage; zero size: nothing of the layer is selected

    bool everything() const { return coverage.empty(); }
    bool nothing() const { return !everything() && bounds.width == 0; }
    // Whether the pixel is selected, if only in part. Outside of the layer nothing is.
    bool holds(int x, int y) const;
    MaskView view() const;
};

// `mask`: the image's selection; the layer lies at `offset_x`, `offset_y` of it.
Selection read_selection(GeglBuffer* mask, int offset_x, int offset_y, int width, int height);

}  // namespace lowkey::gimp
