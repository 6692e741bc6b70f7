#include "train/augment.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "train/jpeg.h"

namespace lowkey::train {
namespace {

constexpr int kSize = 112;
constexpr double kMixShare = 0.35, kNoiseShare = 0.4;

// A similarity about the template's centre as if landmarks were found a few pixels off, perhaps
// mirrored.
cv::Mat jittered(const cv::Mat& crop, Random& random) {
    const double angle = uniform(random, -10, 10) * CV_PI / 180,
                 scale = std::exp(uniform(random, -0.1, 0.1));
    const double mirror = chance(random, 0.5) ? -1 : 1;
    const double c = scale * std::cos(angle), s = scale * std::sin(angle);
    const double centre_in = (kCropSize - 1) / 2.0, centre_out = (kSize - 1) / 2.0;
    cv::Matx23d m(c * mirror, -s, 0, s * mirror, c, 0);
    m(0, 2) = centre_in + uniform(random, -4, 4) - m(0, 0) * centre_out - m(0, 1) * centre_out;
    m(1, 2) = centre_in + uniform(random, -4, 4) - m(1, 0) * centre_out - m(1, 1) * centre_out;
    cv::Mat out;
    cv::warpAffine(crop, out, m, {kSize, kSize}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REFLECT_101);
    return out;
}

// Exposure, contrast, gamma and saturation.
void relight(cv::Mat& face, Random& random) {
    cv::pow(face, std::exp(uniform(random, -0.35, 0.35)), face);
    const double contrast = uniform(random, 0.7, 1.3), shift = uniform(random, -0.12, 0.12);
    face = (face - cv::Scalar::all(0.5)) * contrast + cv::Scalar::all(0.5 + shift);
    const double saturation = chance(random, 0.1) ? 0 : uniform(random, 0.6, 1.3);
    cv::Mat grey, grey3;
    cv::cvtColor(face, grey, cv::COLOR_RGB2GRAY);
    cv::merge(std::vector<cv::Mat>{grey, grey, grey}, grey3);
    face = face * saturation + grey3 * (1 - saturation);
}

void soften(cv::Mat& face, Random& random) {
    if (chance(random, 0.2)) cv::GaussianBlur(face, face, {}, uniform(random, 0.4, 2.5));
    if (chance(random, 0.2)) {
        const int small = static_cast<int>(uniform(random, 40, 100));
        cv::resize(face, face, {small, small}, 0, 0, cv::INTER_AREA);
        cv::resize(face, face, {kSize, kSize}, 0, 0, cv::INTER_LINEAR);
    }
}

void occlude(cv::Mat& face, Random& random) {
    const int width = static_cast<int>(uniform(random, 15, 50)),
              height = static_cast<int>(uniform(random, 15, 50));
    const cv::Rect hole(static_cast<int>(uniform(random, 0, kSize - width)),
                        static_cast<int>(uniform(random, 0, kSize - height)), width, height);
    face(hole).setTo(
        cv::Scalar(uniform(random, 0, 1), uniform(random, 0, 1), uniform(random, 0, 1)));
}

// Random fields from pixel-fine to face-wide: the student has to follow its teacher off the
// manifold of photographs too, where cloaks live.
void add_structured_noise(cv::Mat& face, Random& random) {
    const double amplitude = uniform(random, 0, 24.0 / 255);
    const int cells = static_cast<int>(log_uniform(random, 4, 112));
    cv::Mat field(cells, cells, CV_32FC3);
    cv::RNG generator(random());
    generator.fill(field, cv::RNG::UNIFORM, -1, 1);
    cv::resize(field, field, {kSize, kSize}, 0, 0, cv::INTER_CUBIC);
    face += field * amplitude;
}

cv::Mat view_of(const Crops& crops, int64_t index, Random& random) {
    const cv::Mat crop(kCropSize, kCropSize, CV_8UC3, crops.pixels[index].data_ptr());
    cv::Mat face;
    jittered(crop, random).convertTo(face, CV_32F, 1 / 255.0);
    relight(face, random);
    return face;
}

// Two faces blended, or one beside the other behind a soft border: people that no photograph shows.
void mix(cv::Mat& face, const cv::Mat& other, Random& random) {
    cv::Mat weight(kSize, kSize, CV_32F, cv::Scalar(uniform(random, 0.25, 0.75)));
    if (chance(random, 0.4)) {
        const double angle = uniform(random, 0, 2 * CV_PI), shift = uniform(random, -20, 20);
        weight.forEach<float>([&](float& value, const int* at) {
            const double side =
                (at[1] - 55.5) * std::cos(angle) + (at[0] - 55.5) * std::sin(angle) + shift;
            value = static_cast<float>(1 / (1 + std::exp(-side / 4)));
        });
    }
    cv::Mat weight3;
    cv::merge(std::vector<cv::Mat>{weight, weight, weight}, weight3);
    face = other + (face - other).mul(weight3);
}

cv::Mat training_face(const Crops& crops, int64_t index, int64_t other, Random& random) {
    cv::Mat face = view_of(crops, index, random);
    if (chance(random, kMixShare)) mix(face, view_of(crops, other, random), random);
    soften(face, random);
    if (chance(random, 0.15)) occlude(face, random);
    if (chance(random, kNoiseShare)) add_structured_noise(face, random);
    face = cv::max(cv::min(face, 1.0), 0.0);
    if (chance(random, 0.3)) compress(face, random, 30, 95);
    return face;
}

}  // namespace

torch::Tensor augmented_batch(const Crops& crops, const std::vector<int64_t>& indices,
                              Random& random) {
    const auto count = static_cast<int64_t>(indices.size());
    torch::Tensor batch = torch::empty({count, kSize, kSize, 3});
    for (int64_t i = 0; i < count; ++i) {
        const int64_t other = indices[random() % indices.size()];
        const cv::Mat face =
            training_face(crops, indices[static_cast<std::size_t>(i)], other, random);
        face.copyTo(cv::Mat(kSize, kSize, CV_32FC3, batch[i].data_ptr()));
    }
    return batch.permute({0, 3, 1, 2});
}

}  // namespace lowkey::train
