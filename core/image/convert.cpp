#include "image/convert.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "image/srgb.h"

namespace lowkey::image {
namespace {

template <typename T>
constexpr double kWhite = std::is_floating_point_v<T> ? 1.0 : std::numeric_limits<T>::max();

// Networks get 0..1 only: NaN is read as black, values beyond white as white.
template <typename T>
double unit_value(T value) {
    if constexpr (std::is_floating_point_v<T>)
        return std::isnan(value) ? 0.0 : std::clamp(static_cast<double>(value), 0.0, 1.0);
    else
        return value / kWhite<T>;
}

// Linear light to 8 bits by table: a power per sample would take seconds on a large picture.
class EncodeTable {
  public:
    EncodeTable() {
        for (std::size_t i = 0; i < table_.size(); ++i)
            table_[i] = static_cast<std::uint8_t>(
                srgb_encode(static_cast<double>(i) / (table_.size() - 1)) * 255 + 0.5);
    }
    std::uint8_t operator()(double linear) const {
        return table_[static_cast<std::size_t>(linear * (table_.size() - 1) + 0.5)];
    }

  private:
    std::array<std::uint8_t, 65536> table_;
};

template <typename T>
std::uint8_t to_8_bits(T value, bool linear) {
    static const EncodeTable encode;
    if (linear) return encode(unit_value(value));
    if constexpr (std::is_same_v<T, std::uint8_t>) return value;
    return static_cast<std::uint8_t>(unit_value(value) * 255 + 0.5);
}

template <typename T>
void rows_to_rgb8(const PictureView& picture, cv::Mat& rgb) {
    const int channels = channel_count(picture.format.channels);
    const bool grey = color_channel_count(picture.format.channels) == 1;
    const bool linear = picture.format.encoding == Encoding::linear;
    for (int y = 0; y < picture.height; ++y) {
        const auto* in = reinterpret_cast<const T*>(picture.row(y));
        auto* out = rgb.ptr<std::uint8_t>(y);
        for (int x = 0; x < picture.width; ++x, in += channels, out += 3)
            for (int c = 0; c < 3; ++c) out[c] = c > 0 && grey ? out[0] : to_8_bits(in[c], linear);
    }
}

template <typename T>
void rows_to_float(const PictureView& picture, const Rect& region, cv::Mat& result) {
    const int channels = channel_count(picture.format.channels);
    const bool grey = color_channel_count(picture.format.channels) == 1;
    const bool linear = picture.format.encoding == Encoding::linear;
    for (int y = 0; y < region.height; ++y) {
        const auto* in = reinterpret_cast<const T*>(picture.row(region.y + y)) +
                         static_cast<std::ptrdiff_t>(region.x) * channels;
        auto* out = result.ptr<float>(y);
        for (int x = 0; x < region.width; ++x, in += channels, out += 3)
            for (int c = 0; c < 3; ++c) {
                if (c > 0 && grey) {
                    out[c] = out[0];
                    continue;
                }
                const double value = unit_value(in[c]);
                out[c] = static_cast<float>(linear ? srgb_encode(value) : value);
            }
    }
}

// How far `value` (of 1.0) may really move by `delta` without leaving 0..1, in the sample's own
// encoding.
double moved_by(double value, double delta, bool linear) {
    if (!linear) return std::clamp(value + delta, 0.0, 1.0) - value;
    return srgb_decode(std::clamp(srgb_encode(value) + delta, 0.0, 1.0)) - value;
}

template <typename T>
T moved(T value, float delta, bool linear) {
    if (delta == 0 || !std::isfinite(delta)) return value;
    if constexpr (std::is_floating_point_v<T>) {
        if (!std::isfinite(value)) return value;
        // Float values beyond 0..1 are legal highlights: they move, but are not cut to 1.
        return static_cast<T>(value + moved_by(unit_value(value), delta, linear));
    } else {
        const double unit = unit_value(value);
        return static_cast<T>(std::floor((unit + moved_by(unit, delta, linear)) * kWhite<T> + 0.5));
    }
}

template <typename T>
void add_to_rows(Picture& picture, const Rect& region, const cv::Mat& delta) {
    const int channels = channel_count(picture.format().channels);
    const bool grey = color_channel_count(picture.format().channels) == 1;
    const bool linear = picture.format().encoding == Encoding::linear;
    for (int y = 0; y < region.height; ++y) {
        auto* pixel = reinterpret_cast<T*>(picture.row(region.y + y)) +
                      static_cast<std::ptrdiff_t>(region.x) * channels;
        const auto* d = delta.ptr<float>(y);
        for (int x = 0; x < region.width; ++x, pixel += channels, d += 3) {
            if (grey) {
                pixel[0] = moved(pixel[0], 0.299F * d[0] + 0.587F * d[1] + 0.114F * d[2], linear);
                continue;
            }
            for (int c = 0; c < 3; ++c) pixel[c] = moved(pixel[c], d[c], linear);
        }
    }
}

[[maybe_unused]] bool inside(const Rect& region, int width, int height) {
    return region.x >= 0 && region.y >= 0 && region.width >= 0 && region.height >= 0 &&
           region.x + region.width <= width && region.y + region.height <= height;
}

}  // namespace

cv::Mat to_rgb8(const PictureView& picture) {
    cv::Mat rgb(picture.height, picture.width, CV_8UC3);
    switch (picture.format.sample) {
        case Sample::u8:
            rows_to_rgb8<std::uint8_t>(picture, rgb);
            break;
        case Sample::u16:
            rows_to_rgb8<std::uint16_t>(picture, rgb);
            break;
        case Sample::f32:
            rows_to_rgb8<float>(picture, rgb);
            break;
    }
    return rgb;
}

cv::Mat region_to_float(const PictureView& picture, const Rect& region) {
    assert(inside(region, picture.width, picture.height));
    cv::Mat result(region.height, region.width, CV_32FC3);
    switch (picture.format.sample) {
        case Sample::u8:
            rows_to_float<std::uint8_t>(picture, region, result);
            break;
        case Sample::u16:
            rows_to_float<std::uint16_t>(picture, region, result);
            break;
        case Sample::f32:
            rows_to_float<float>(picture, region, result);
            break;
    }
    return result;
}

void add_delta(Picture& picture, const Rect& region, const cv::Mat& delta) {
    assert(inside(region, picture.width(), picture.height()));
    assert(delta.type() == CV_32FC3 && delta.rows == region.height && delta.cols == region.width);
    switch (picture.format().sample) {
        case Sample::u8:
            add_to_rows<std::uint8_t>(picture, region, delta);
            break;
        case Sample::u16:
            add_to_rows<std::uint16_t>(picture, region, delta);
            break;
        case Sample::f32:
            add_to_rows<float>(picture, region, delta);
            break;
    }
}

}  // namespace lowkey::image
