// lowkey-make-test-faces SHARED OUT [AVERAGES]: writes the pictures of tests/data; see its
// README.md.
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "average.h"
#include "scene.h"

namespace {

using lowkey::testdata::add_grain;
using lowkey::testdata::background;
using lowkey::testdata::place;

constexpr int kClusters = 8;
constexpr int kPeople = 80;

void write(const std::filesystem::path& file, const cv::Mat& scene, int conversion,
           const std::vector<int>& settings) {
    cv::Mat samples;
    scene.convertTo(samples, CV_8U, 255);
    cv::cvtColor(samples, samples, conversion);
    if (!cv::imwrite(file.string(), samples, settings))
        throw std::runtime_error("cannot write " + file.string());
}

void make(const std::filesystem::path& shared, const std::filesystem::path& out) {
    const std::vector<cv::Mat> averages = lowkey::testdata::average_faces(
        shared / "lfw", shared / "models/yunet_n_640_640.onnx", kClusters, kPeople);
    const auto average = [&](std::size_t i) { return averages[i % averages.size()]; };
    const std::vector<int> png = {cv::IMWRITE_PNG_COMPRESSION, 9};

    cv::Mat one = background({640, 480}, {0.45F, 0.55F, 0.62F}, {0.30F, 0.33F, 0.30F}, 11);
    place(one, average(0), {80, -10}, 500, 12);
    add_grain(one, 3, 13);
    write(out / "one_face.jpg", one, cv::COLOR_RGB2BGR, {cv::IMWRITE_JPEG_QUALITY, 92});

    cv::Mat two = background({1000, 700}, {0.55F, 0.50F, 0.42F}, {0.33F, 0.36F, 0.42F}, 21);
    place(two, average(1), {10, 185}, 520, 22);
    place(two, average(2), {440, 140}, 560, 23);
    add_grain(two, 0.7, 24);
    write(out / "two_faces.png", two, cv::COLOR_RGB2BGR, png);

    cv::Mat large = background({1600, 1200}, {0.36F, 0.42F, 0.38F}, {0.52F, 0.50F, 0.46F}, 31);
    place(large, average(3), {0, -260}, 1600, 32);
    add_grain(large, 1.5, 33);
    write(out / "large_face.jpg", large, cv::COLOR_RGB2BGR, {cv::IMWRITE_JPEG_QUALITY, 90});

    cv::Mat grey = background({400, 480}, {0.5F, 0.5F, 0.5F}, {0.4F, 0.4F, 0.4F}, 41);
    place(grey, average(4), {-20, 20}, 460, 42);
    add_grain(grey, 1.5, 43);
    write(out / "grey_face.png", grey, cv::COLOR_RGB2GRAY, png);

    for (std::size_t i = 0; i < averages.size() && std::getenv("LOWKEY_AVERAGES") != nullptr; ++i)
        write(out / ("average" + std::to_string(i) + ".png"), averages[i], cv::COLOR_RGB2BGR, png);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "usage: lowkey-make-test-faces SHARED OUT\n";
        return 2;
    }
    try {
        make(arguments[1], arguments[2]);
    } catch (const std::exception& exception) {
        std::cerr << exception.what() << '\n';
        return 1;
    }
}
