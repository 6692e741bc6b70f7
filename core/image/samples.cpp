#include "image/samples.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

namespace lowkey::image {
namespace {

template <typename T>
double to_unit(T value) {
    if constexpr (std::is_floating_point_v<T>)
        return std::isnan(value) ? 0.0 : std::clamp(static_cast<double>(value), 0.0, 1.0);
    else
        return static_cast<double>(value) / std::numeric_limits<T>::max();
}

template <typename T>
T from_unit(double value) {
    if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(value);
    else
        return static_cast<T>(value * std::numeric_limits<T>::max() + 0.5);
}

template <typename From, typename To>
To convert(From value) {
    if constexpr (std::is_same_v<From, To>) return value;
    return from_unit<To>(to_unit(value));
}

template <typename From, typename To>
void convert_rows(const PictureView& from, Picture& to) {
    const int from_channels = channel_count(from.format.channels);
    const int to_channels = channel_count(to.format().channels);
    const int from_colors = color_channel_count(from.format.channels);
    const int to_colors = color_channel_count(to.format().channels);
    const bool alpha_in = has_alpha(from.format.channels),
               alpha_out = has_alpha(to.format().channels);
    for (int y = 0; y < from.height; ++y) {
        const auto* in = reinterpret_cast<const From*>(from.row(y));
        auto* out = reinterpret_cast<To*>(to.row(y));
        for (int x = 0; x < from.width; ++x, in += from_channels, out += to_channels) {
            for (int c = 0; c < to_colors; ++c)
                out[c] = convert<From, To>(in[std::min(c, from_colors - 1)]);
            if (alpha_out)
                out[to_colors] = alpha_in ? convert<From, To>(in[from_colors]) : from_unit<To>(1);
        }
    }
}

template <typename From>
void convert_from(const PictureView& from, Picture& to) {
    switch (to.format().sample) {
        case Sample::u8:
            return convert_rows<From, std::uint8_t>(from, to);
        case Sample::u16:
            return convert_rows<From, std::uint16_t>(from, to);
        case Sample::f32:
            return convert_rows<From, float>(from, to);
    }
}

}  // namespace

Picture with_format(const PictureView& picture, Sample sample, Channels channels) {
    assert(color_channel_count(channels) >= color_channel_count(picture.format.channels));
    assert(has_alpha(channels) || !has_alpha(picture.format.channels));
    Picture result(picture.width, picture.height, {sample, channels, picture.format.encoding});
    switch (picture.format.sample) {
        case Sample::u8:
            convert_from<std::uint8_t>(picture, result);
            break;
        case Sample::u16:
            convert_from<std::uint16_t>(picture, result);
            break;
        case Sample::f32:
            convert_from<float>(picture, result);
            break;
    }
    return result;
}

}  // namespace lowkey::image
