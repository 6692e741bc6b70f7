#include "train/distort.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "train/jpeg.h"

namespace lowkey::train {
namespace {

cv::Mat gaussian_noise(int cells, int type, Random& random) {
    cv::Mat noise(cells, cells, type);
    cv::RNG(random()).fill(noise, cv::RNG::NORMAL, 0, 1);
    return noise;
}

// Noise of a size between single pixels and the whole picture, of unit variance at its nodes.
cv::Mat field(const cv::Size& size, int type, Random& random) {
    const int cells = static_cast<int>(log_uniform(random, 3, size.width + 0.99));
    cv::Mat noise = gaussian_noise(cells, type, random);
    if (cells < size.width) cv::resize(noise, noise, size, 0, 0, cv::INTER_CUBIC);
    return noise;
}

// BT.601 light of three channels, as three equal ones.
cv::Mat luma_of(const cv::Mat& picture) {
    cv::Mat luma, luma3;
    cv::cvtColor(picture, luma, cv::COLOR_RGB2GRAY);
    cv::merge(std::vector<cv::Mat>{luma, luma, luma}, luma3);
    return luma3;
}

void add_noise(cv::Mat& picture, Random& random) {
    cv::Mat noise = field(picture.size(), CV_32FC3, random);
    const double kind = uniform(random, 0, 1);
    if (kind < 0.45) noise = luma_of(noise) * 1.5;
    if (kind > 0.8) noise = noise - luma_of(noise);
    if (chance(random, 0.3)) {  // as a signed gradient step leaves it
        noise = cv::max(cv::min(noise * 1e3, 1), -1);
    }
    if (chance(random, 0.3)) {
        cv::Mat patches = field(picture.size(), CV_32F, random), patches3;
        patches = cv::max(cv::min(patches * 2, 1), 0);
        cv::merge(std::vector<cv::Mat>{patches, patches, patches}, patches3);
        noise = noise.mul(patches3);
    }
    picture += noise * log_uniform(random, 0.002, 0.12);
}

void blur(cv::Mat& picture, Random& random) {
    cv::Mat soft;
    cv::GaussianBlur(picture, soft, {}, log_uniform(random, 0.3, 2.5));
    // A negative share sharpens.
    picture += (soft - picture) *
               (chance(random, 0.2) ? -uniform(random, 0.1, 1) : log_uniform(random, 0.1, 1));
}

void resample(cv::Mat& picture, Random& random) {
    const auto size = picture.size();
    const int small = static_cast<int>(size.width * uniform(random, 0.3, 0.98));
    cv::Mat reduced;
    cv::resize(picture, reduced, {small, small}, 0, 0, cv::INTER_AREA);
    cv::resize(reduced, picture, size, 0, 0,
               chance(random, 0.5) ? cv::INTER_LINEAR : cv::INTER_CUBIC);
}

void recompress(cv::Mat& picture, Random& random) {
    compress(picture, random, 20, 98);
}

void recolour(cv::Mat& picture, Random& random) {
    const double strength = log_uniform(random, 0.004, 0.1);
    std::normal_distribution<double> normal(0, strength);
    picture += cv::Scalar(normal(random), normal(random), normal(random));
}

void change_contrast(cv::Mat& picture, Random& random) {
    const double strength = log_uniform(random, 0.02, 0.4);
    picture = cv::max(picture, 0);
    cv::pow(picture, std::exp(uniform(random, -strength, strength)), picture);
    picture = (picture - cv::Scalar::all(0.5)) * (1 + uniform(random, -strength, strength)) +
              cv::Scalar::all(0.5);
}

void warp(cv::Mat& picture, Random& random) {
    const double pixels = log_uniform(random, 0.1, 2);
    cv::Mat moves = gaussian_noise(static_cast<int>(uniform(random, 2, 9)), CV_32FC2, random);
    cv::resize(moves, moves, picture.size(), 0, 0, cv::INTER_CUBIC);
    cv::Mat from(picture.size(), CV_32FC2), moved;
    from.forEach<cv::Vec2f>([&](cv::Vec2f& place, const int* at) {
        const auto move = moves.at<cv::Vec2f>(at[0], at[1]) * static_cast<float>(pixels);
        place = cv::Vec2f(static_cast<float>(at[1]), static_cast<float>(at[0])) + move;
    });
    cv::remap(picture, moved, from, {}, cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
    picture = moved;
}

void distort_once(cv::Mat& picture, Random& random) {
    // Noise is what cloaks look like, so it comes most often.
    using Distortion = void (*)(cv::Mat&, Random&);
    static constexpr Distortion kDistortions[] = {
        add_noise, add_noise,  add_noise, add_noise,       add_noise, blur,
        resample,  recompress, recolour,  change_contrast, warp};
    kDistortions[random() % std::size(kDistortions)](picture, random);
}

cv::Mat within_range(const cv::Mat& picture) {
    return cv::max(cv::min(picture, 1.0), 0.0);
}

}  // namespace

cv::Mat random_part(const Crops& crops, int64_t index, int size, Random& random) {
    const cv::Mat crop(kCropSize, kCropSize, CV_8UC3, crops.pixels[index].data_ptr());
    cv::Mat picture;
    crop.convertTo(picture, CV_32F, 1 / 255.0);
    const int side =
        std::max(size, static_cast<int>(std::lround(kCropSize * log_uniform(random, 0.8, 2.4))));
    cv::resize(picture, picture, {side, side}, 0, 0,
               side < kCropSize ? cv::INTER_AREA : cv::INTER_CUBIC);
    const auto offset = [&] { return static_cast<int>(random() % (side - size + 1)); };
    const int x = offset(), y = offset();
    picture = picture(cv::Rect(x, y, size, size)).clone();
    if (chance(random, 0.5)) cv::flip(picture, picture, 1);
    if (chance(random, 0.4)) {
        cv::Mat soft;
        cv::GaussianBlur(picture, soft, {}, 1);
        picture += (picture - soft) * uniform(random, 0, 2);
    }
    if (chance(random, 0.3)) {
        picture += gaussian_noise(size, CV_32FC3, random) * uniform(random, 0, 0.03);
    }
    return within_range(picture);
}

cv::Mat distorted(const cv::Mat& picture, Random& random) {
    cv::Mat result = picture.clone();
    const double mixture = uniform(random, 0, 1);
    const int count = mixture < 0.6 ? 1 : mixture < 0.9 ? 2 : 3;
    for (int i = 0; i < count; ++i) distort_once(result, random);
    result = within_range(result);
    if (chance(random, 0.3)) result = picture + (result - picture) * uniform(random, 0.1, 1);
    if (chance(random, 0.5)) {
        result.convertTo(result, CV_8U, 255);
        result.convertTo(result, CV_32F, 1 / 255.0);
    }
    return result;
}

torch::Tensor stacked(const std::vector<cv::Mat>& pictures) {
    const auto size = pictures.front().size();
    auto batch = torch::empty({static_cast<int64_t>(pictures.size()), size.height, size.width, 3});
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        pictures[i].copyTo(cv::Mat(size, CV_32FC3, batch[static_cast<int64_t>(i)].data_ptr()));
    }
    return batch.permute({0, 3, 1, 2}).contiguous();
}

}  // namespace lowkey::train
