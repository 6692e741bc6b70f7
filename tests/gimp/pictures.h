// Picture files for the GIMP tests, read without any code of the project that is under test.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>

#include "lowkey/picture.h"

namespace lowkey::testing {

// As stored: no rotation, no colour conversion; fails the test if it cannot be read.
cv::Mat load(const std::filesystem::path& file);
void store(const std::filesystem::path& file, const cv::Mat& pixels);
// Makes the folder: copies of the picture `face` as a.png and c.png, no face in b.png, no picture
// in d.png.
void fill_with_photos(const std::filesystem::path& folder, const std::filesystem::path& face);

// In lowkey's channel order (OpenCV has blue first).
Picture to_picture(const cv::Mat& pixels);
cv::Mat to_mat(const Picture& picture);

bool same(const cv::Mat& a, const cv::Mat& b);
// Bounds of the pixels that differ.
cv::Rect changed(const cv::Mat& a, const cv::Mat& b);
// Whether a and b are the same at every pixel where `where` is 0.
bool same_outside(const cv::Mat& a, const cv::Mat& b, const cv::Mat& where);

}  // namespace lowkey::testing
