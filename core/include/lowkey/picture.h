// Pixels, borrowed (PictureView) and owned (Picture). No allocation is shared between the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lowkey {

enum class Sample : std::uint8_t { u8, u16, f32 };

// Interleaved channels in this order; grey stays grey through a cloak.
enum class Channels : std::uint8_t { grey = 1, grey_alpha = 2, rgb = 3, rgba = 4 };

// How values relate to light. `encoded` is any display encoding (sRGB, Adobe RGB, ...): networks
// are trained on such values whatever the profile. `linear` values are converted for the networks.
enum class Encoding : std::uint8_t { encoded, linear };

struct Rect {
    int x = 0, y = 0, width = 0, height = 0;  // pixels
    bool operator==(const Rect&) const = default;
};

struct PixelFormat {
    Sample sample = Sample::u8;
    Channels channels = Channels::rgb;
    Encoding encoding = Encoding::encoded;
    bool operator==(const PixelFormat&) const = default;
};

int channel_count(Channels channels);
int color_channel_count(Channels channels);  // without alpha: 1 or 3
bool has_alpha(Channels channels);
std::size_t bytes_per_pixel(PixelFormat format);

// Borrowed pixels. Rows are `stride` bytes apart. Alpha is straight (not premultiplied).
// Integer samples span 0..max, float samples 0..1 (values outside are legal and kept outside
// faces).
struct PictureView {
    const std::byte* data = nullptr;
    int width = 0, height = 0;
    std::size_t stride = 0;
    PixelFormat format;
    const std::byte* row(int y) const { return data + static_cast<std::size_t>(y) * stride; }
};

// Owned pixels, rows packed without padding.
class Picture {
  public:
    Picture() = default;
    // Zero-filled. Throws Error(input) for non-positive or absurd sizes, Error(memory) if it cannot
    // allocate.
    Picture(int width, int height, PixelFormat format);
    explicit Picture(const PictureView& copied);

    PictureView view() const;
    int width() const { return width_; }
    int height() const { return height_; }
    PixelFormat format() const { return format_; }
    void set_encoding(Encoding encoding) { format_.encoding = encoding; }
    std::size_t stride() const {
        return static_cast<std::size_t>(width_) * bytes_per_pixel(format_);
    }
    std::byte* row(int y) { return data_.data() + static_cast<std::size_t>(y) * stride(); }
    const std::byte* row(int y) const {
        return data_.data() + static_cast<std::size_t>(y) * stride();
    }
    std::size_t size_bytes() const { return data_.size(); }

  private:
    int width_ = 0, height_ = 0;
    PixelFormat format_;
    std::vector<std::byte> data_;
};

// Borrowed selection: one byte a pixel of the picture it goes with, 0 = untouched, 255 = fully
// cloaked.
struct MaskView {
    const std::uint8_t* data = nullptr;  // null: everything is selected
    int width = 0, height = 0;
    std::size_t stride = 0;
};

}  // namespace lowkey
