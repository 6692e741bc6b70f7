// Test pictures as lowkey pictures of any format, and packs made once for the whole run.
#pragma once

#include <cstring>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "lowkey/picture.h"

namespace lowkey {

// RGB, 8 bits.
inline cv::Mat read_rgb(const std::filesystem::path& path) {
    cv::Mat bgr = cv::imread(path.string(), cv::IMREAD_COLOR), rgb;
    if (bgr.empty()) throw std::runtime_error("cannot read " + path.string());
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    return rgb;
}

// Alpha, where the format has one, is a ramp.
inline Picture to_picture(const cv::Mat& rgb, PixelFormat format = {}) {
    Picture picture(rgb.cols, rgb.rows, format);
    const int colors = color_channel_count(format.channels);
    const int channels = channel_count(format.channels);
    const auto put = [&](std::byte* at, double value) {
        if (format.sample == Sample::u8) {
            *at = static_cast<std::byte>(std::lround(value * 255));
        } else if (format.sample == Sample::u16) {
            const auto sample = static_cast<std::uint16_t>(std::lround(value * 65535));
            std::memcpy(at, &sample, sizeof sample);
        } else {
            const auto sample = static_cast<float>(value);
            std::memcpy(at, &sample, sizeof sample);
        }
    };
    const std::size_t size = bytes_per_pixel(format) / static_cast<std::size_t>(channels);
    for (int y = 0; y < rgb.rows; ++y) {
        for (int x = 0; x < rgb.cols; ++x) {
            const cv::Vec3b pixel = rgb.at<cv::Vec3b>(y, x);
            std::byte* at = picture.row(y) + bytes_per_pixel(format) * static_cast<std::size_t>(x);
            for (int c = 0; c < colors; ++c, at += size) {
                double value = pixel[c] / 255.0;
                if (colors == 1) {
                    value = (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) / 255;
                }
                if (format.encoding == Encoding::linear) {
                    value =
                        value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
                }
                put(at, value);
            }
            if (has_alpha(format.channels)) put(at, (x % 256) / 255.0);
        }
    }
    return picture;
}

}  // namespace lowkey
