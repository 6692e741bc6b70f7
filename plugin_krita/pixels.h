// Between Krita's tiles and the core's pictures. Colour models that the core does not know go
// through 32-bit float RGB and come back for the changed pixels only, so that all others keep their
// bits.
#pragma once

#include <KoColorSpace.h>
#include <kis_paint_device.h>
#include <kis_types.h>

#include <QRect>
#include <QString>
#include <array>
#include <cstdint>
#include <vector>

#include "lowkey/patch.h"

namespace lowkey::krita {

using Hash = std::array<std::uint64_t, 2>;

// A changed rectangle in the device's own pixel format and coordinates.
struct NativePatch {
    QRect rect;
    std::vector<quint8> bytes;
};

// The picture that a device holds: its non-transparent content inside the image.
class Content {
  public:
    explicit Content(KisPaintDeviceSP device);

    bool empty() const { return area_.isEmpty(); }
    const QRect& area() const { return area_; }
    bool holds_colour() const;  // false for masks, which have alpha alone

    // Of place, colour space and pixels; 128 bits, not cryptographic.
    Hash hash(const QRect& rect) const;

    // Without alpha where the content is opaque, as the command reads an opaque file.
    Picture picture() const;

    // Patches of picture(), which is `before`, as the device's own pixels.
    std::vector<NativePatch> native(const Picture& before, const std::vector<Patch>& patches) const;

  private:
    struct Layout {
        PixelFormat format;
        bool swapped = false;    // BGR order
        bool converted = false;  // through float RGB
    };
    static Layout layout_of(const KoColorSpace& space);
    bool opaque() const;
    void to_picture(const quint8* native, std::byte* row, int pixels, PixelFormat format) const;
    void to_native(const std::byte* before, const std::byte* after, quint8* native, int pixels,
                   PixelFormat format) const;

    KisPaintDeviceSP device_;
    const KoColorSpace* space_;
    Layout layout_;
    QRect area_;
};

// The hash of all of a device's content, as text.
QString name_of(const Hash& hash);

void paste(const std::vector<NativePatch>& patches, KisPaintDevice& device, const QRect& inside);

// Paints the rectangle over with an opaque pattern that says the picture is not protected.
void cover(KisPaintDevice& device, const QRect& rect);

}  // namespace lowkey::krita
