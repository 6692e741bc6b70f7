#include "pictures.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace lowkey::testing {
namespace {

// Red and blue swapped; the same way back.
cv::Mat swapped(const cv::Mat& pixels) {
    cv::Mat out = pixels.clone();
    if (pixels.channels() == 3) cv::cvtColor(pixels, out, cv::COLOR_BGR2RGB);
    if (pixels.channels() == 4) cv::cvtColor(pixels, out, cv::COLOR_BGRA2RGBA);
    return out;
}

// 255 where a pixel differs.
cv::Mat differing(const cv::Mat& a, const cv::Mat& b) {
    cv::Mat mask(a.size(), CV_8U, cv::Scalar(0));
    for (int y = 0; y < a.rows; ++y) {
        for (int x = 0; x < a.cols; ++x) {
            const std::size_t at = static_cast<std::size_t>(x) * a.elemSize();
            if (std::memcmp(a.ptr(y) + at, b.ptr(y) + at, a.elemSize()) != 0)
                mask.at<uchar>(y, x) = 255;
        }
    }
    return mask;
}

}  // namespace

cv::Mat load(const std::filesystem::path& file) {
    cv::Mat pixels =
        cv::imread(file.string(), cv::IMREAD_UNCHANGED | cv::IMREAD_IGNORE_ORIENTATION);
    EXPECT_FALSE(pixels.empty()) << file << " cannot be read";
    return pixels;
}

void store(const std::filesystem::path& file, const cv::Mat& pixels) {
    ASSERT_TRUE(cv::imwrite(file.string(), pixels)) << file;
}

void fill_with_photos(const std::filesystem::path& folder, const std::filesystem::path& face) {
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(face, folder / "a.png");
    store(folder / "b.png", cv::Mat(100, 100, CV_8UC3, cv::Scalar(9, 9, 9)));
    std::filesystem::copy_file(face, folder / "c.png");
    std::ofstream(folder / "d.png") << "not a picture";
}

Picture to_picture(const cv::Mat& pixels) {
    const cv::Mat rgb = swapped(pixels);
    PixelFormat format;
    format.channels = static_cast<Channels>(pixels.channels());
    format.sample = pixels.depth() == CV_8U    ? Sample::u8
                    : pixels.depth() == CV_16U ? Sample::u16
                                               : Sample::f32;
    return Picture(PictureView{reinterpret_cast<const std::byte*>(rgb.data), rgb.cols, rgb.rows,
                               rgb.step, format});
}

cv::Mat to_mat(const Picture& picture) {
    const PixelFormat format = picture.format();
    const int depth = format.sample == Sample::u8    ? CV_8U
                      : format.sample == Sample::u16 ? CV_16U
                                                     : CV_32F;
    const cv::Mat borrowed(picture.height(), picture.width(),
                           CV_MAKETYPE(depth, channel_count(format.channels)),
                           const_cast<std::byte*>(picture.row(0)), picture.stride());
    return swapped(borrowed);
}

bool same(const cv::Mat& a, const cv::Mat& b) {
    return a.size() == b.size() && a.type() == b.type() && cv::countNonZero(differing(a, b)) == 0;
}

cv::Rect changed(const cv::Mat& a, const cv::Mat& b) {
    return cv::boundingRect(differing(a, b));
}

bool same_outside(const cv::Mat& a, const cv::Mat& b, const cv::Mat& where) {
    cv::Mat outside = differing(a, b);
    outside.setTo(0, where);
    return cv::countNonZero(outside) == 0;
}

}  // namespace lowkey::testing
