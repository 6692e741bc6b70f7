#include "lowkey/picture.h"

#include <cstring>
#include <new>
#include <string>

#include "lowkey/error.h"

namespace lowkey {
namespace {

// Above any camera or scanner, far below where width * height * 16 bytes could overflow size_t.
constexpr int kMaxSide = 1 << 20;
constexpr std::size_t kMaxPixels = std::size_t{1} << 31;

std::size_t bytes_per_sample(Sample sample) {
    switch (sample) {
        case Sample::u8:
            return 1;
        case Sample::u16:
            return 2;
        case Sample::f32:
            return 4;
    }
    return 0;
}

}  // namespace

int channel_count(Channels channels) {
    return static_cast<int>(channels);
}

int color_channel_count(Channels channels) {
    return channels == Channels::grey || channels == Channels::grey_alpha ? 1 : 3;
}

bool has_alpha(Channels channels) {
    return channels == Channels::grey_alpha || channels == Channels::rgba;
}

std::size_t bytes_per_pixel(PixelFormat format) {
    return bytes_per_sample(format.sample) *
           static_cast<std::size_t>(channel_count(format.channels));
}

Picture::Picture(int width, int height, PixelFormat format)
    : width_(width), height_(height), format_(format) {
    const std::string size = std::to_string(width) + " × " + std::to_string(height);
    if (width <= 0 || height <= 0)
        throw Error(ErrorKind::input,
                    "A picture of " + size + " pixels has no content. Choose another picture.");
    if (width > kMaxSide || height > kMaxSide ||
        static_cast<std::size_t>(width) * static_cast<std::size_t>(height) > kMaxPixels)
        throw Error(ErrorKind::input,
                    "A picture of " + size + " pixels is too large. Scale it down first.");
    try {
        data_.resize(stride() * static_cast<std::size_t>(height));
    } catch (const std::bad_alloc&) {
        throw Error(ErrorKind::memory,
                    "There is not enough memory for a picture of " + size +
                        " pixels. Close other programs or scale the picture down.");
    }
}

Picture::Picture(const PictureView& copied) : Picture(copied.width, copied.height, copied.format) {
    for (int y = 0; y < height_; ++y) std::memcpy(row(y), copied.row(y), stride());
}

PictureView Picture::view() const {
    return {data_.data(), width_, height_, stride(), format_};
}

}  // namespace lowkey
