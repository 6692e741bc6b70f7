#include "lowkey/patch.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace lowkey {
namespace {

constexpr int kTile = 64;

bool differs(const PictureView& a, const PictureView& b, const Rect& tile) {
    const std::size_t pixel = bytes_per_pixel(a.format);
    const std::size_t offset = static_cast<std::size_t>(tile.x) * pixel;
    const std::size_t bytes = static_cast<std::size_t>(tile.width) * pixel;
    for (int y = tile.y; y < tile.y + tile.height; ++y)
        if (std::memcmp(a.row(y) + offset, b.row(y) + offset, bytes) != 0) return true;
    return false;
}

}  // namespace

std::vector<Rect> changed_rects(const PictureView& before, const PictureView& after) {
    assert(before.width == after.width && before.height == after.height &&
           before.format == after.format);
    std::vector<Rect> rects;
    for (int y = 0; y < before.height; y += kTile) {
        bool joined = false;  // neighbouring tiles of a row become one rectangle
        for (int x = 0; x < before.width; x += kTile) {
            const Rect tile{x, y, std::min(kTile, before.width - x),
                            std::min(kTile, before.height - y)};
            const bool changed = differs(before, after, tile);
            if (changed && joined)
                rects.back().width += tile.width;
            else if (changed)
                rects.push_back(tile);
            joined = changed;
        }
    }
    return rects;
}

void paste(const Patch& patch, Picture& picture) {
    const std::size_t pixel = bytes_per_pixel(picture.format());
    const std::size_t bytes = static_cast<std::size_t>(patch.rect.width) * pixel;
    assert(patch.pixels.size() == bytes * static_cast<std::size_t>(patch.rect.height));
    for (int y = 0; y < patch.rect.height; ++y)
        std::memcpy(picture.row(patch.rect.y + y) + static_cast<std::size_t>(patch.rect.x) * pixel,
                    patch.pixels.data() + static_cast<std::size_t>(y) * bytes, bytes);
}

}  // namespace lowkey
