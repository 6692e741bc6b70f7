#include "scene.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace lowkey::testdata {
namespace {

// Grey Gaussian noise with features of about `grain` pixels, standard deviation 1.
cv::Mat smooth_noise(cv::Size size, double grain, cv::RNG& random) {
    const cv::Size coarse(std::max(2, static_cast<int>(size.width / grain)) + 1,
                          std::max(2, static_cast<int>(size.height / grain)) + 1);
    cv::Mat noise(coarse, CV_32F), result;
    random.fill(noise, cv::RNG::NORMAL, 0, 1);
    cv::resize(noise, result, size, 0, 0, cv::INTER_CUBIC);
    return result;
}

void add_grey(cv::Mat& scene, const cv::Mat& grey) {
    cv::Mat colour;
    cv::cvtColor(grey, colour, cv::COLOR_GRAY2RGB);
    scene += colour;
}

// 1 over head and shoulders, falling softly to 0 before the edge of the picture.
cv::Mat outline(int side) {
    cv::Mat mask = cv::Mat::zeros(side, side, CV_32F);
    const auto at = [side](double x, double y) {
        return cv::Point(cvRound(x * side), cvRound(y * side));
    };
    cv::ellipse(mask, at(0.5, 0.47), cv::Size(cvRound(0.25 * side), cvRound(0.34 * side)), 0, 0,
                360, 1.0, cv::FILLED);
    cv::ellipse(mask, at(0.5, 1.0), cv::Size(cvRound(0.38 * side), cvRound(0.24 * side)), 0, 0, 360,
                1.0, cv::FILLED);
    cv::GaussianBlur(mask, mask, {}, 0.03 * side, 0, cv::BORDER_REPLICATE);
    return mask;
}

}  // namespace

cv::Mat background(cv::Size size, cv::Vec3f top, cv::Vec3f bottom, std::uint64_t seed) {
    cv::RNG random(seed);
    cv::Mat scene(size, CV_32FC3);
    for (int y = 0; y < size.height; ++y)
        for (int x = 0; x < size.width; ++x) {
            const float down = static_cast<float>(y) / size.height,
                        across = static_cast<float>(x) / size.width;
            scene.at<cv::Vec3f>(y, x) =
                top * (1 - down) + bottom * down + cv::Vec3f::all(0.12F * (across - 0.5F));
        }
    double strength = 0.05;
    for (double grain : {size.width / 4.0, size.width / 12.0, size.width / 40.0}) {
        add_grey(scene, smooth_noise(size, grain, random) * strength);
        strength /= 2;
    }
    return scene;
}

void place(cv::Mat& scene, const cv::Mat& average, cv::Point top_left, int side,
           std::uint64_t seed) {
    cv::RNG random(seed);
    cv::Mat face, soft;
    cv::resize(average, face, {side, side}, 0, 0,
               side < average.cols ? cv::INTER_AREA : cv::INTER_CUBIC);
    // The mean of many faces is softer than a photo: two radii of unsharp masking.
    for (const auto& [radius, amount] : {std::pair{0.010, 0.9}, std::pair{0.004, 1.2}}) {
        cv::GaussianBlur(face, soft, {}, radius * side);
        cv::addWeighted(face, 1 + amount, soft, -amount, 0, face);
    }
    cv::Mat pores = smooth_noise(face.size(), std::max(1.5, side / 280.0), random) * 0.010 +
                    smooth_noise(face.size(), std::max(4.0, side / 90.0), random) * 0.008;
    cv::cvtColor(pores + 1, pores, cv::COLOR_GRAY2RGB);
    cv::multiply(face, pores, face);

    const cv::Rect whole = cv::Rect(top_left, face.size()),
                   seen = whole & cv::Rect({0, 0}, scene.size());
    const cv::Rect part = seen - whole.tl();
    cv::Mat mask;
    cv::cvtColor(outline(side), mask, cv::COLOR_GRAY2RGB);
    cv::Mat target = scene(seen);
    target += (face(part) - target).mul(mask(part));
}

void add_grain(cv::Mat& scene, double deviation, std::uint64_t seed) {
    cv::RNG random(seed);
    cv::Mat grain(scene.size(), CV_32F), colour(scene.size(), CV_32FC3);
    random.fill(grain, cv::RNG::NORMAL, 0, 1.6 * deviation / 255);
    cv::GaussianBlur(grain, grain, {}, 0.6);
    add_grey(scene, grain);
    random.fill(colour, cv::RNG::NORMAL, 0, 0.3 * deviation / 255);
    scene += colour;
}

}  // namespace lowkey::testdata
