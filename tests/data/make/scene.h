// Procedural surroundings and camera-like texture for the average faces.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

namespace lowkey::testdata {

// Colour gradients under several octaves of smooth noise. CV_32FC3, RGB 0..1.
cv::Mat background(cv::Size size, cv::Vec3f top, cv::Vec3f bottom, std::uint64_t seed);

// Blends an average face, resized to `side` pixels and with skin texture, over the scene with a
// soft outline.
void place(cv::Mat& scene, const cv::Mat& average, cv::Point top_left, int side,
           std::uint64_t seed);

// Film grain of this standard deviation (of 255), the same in all channels for the most part.
void add_grain(cv::Mat& scene, double deviation, std::uint64_t seed);

}  // namespace lowkey::testdata
