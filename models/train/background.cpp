#include "train/background.h"

#include <algorithm>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <optional>

namespace lowkey::train {
namespace {

cv::Scalar any_colour(Random& random) {
    return {uniform(random, 0, 255), uniform(random, 0, 255), uniform(random, 0, 255)};
}

cv::Mat gradient(cv::Size size, Random& random) {
    cv::Mat corners(2, 2, CV_8UC3), out;
    for (auto& corner : cv::Mat_<cv::Vec3b>(corners))
        for (int c = 0; c < 3; ++c) corner[c] = static_cast<uchar>(random() % 256);
    cv::resize(corners, out, size, 0, 0, cv::INTER_LINEAR);
    return out;
}

cv::Rect2f grown(const Face& face, float factor) {
    return {face.x - face.width * (factor - 1) / 2, face.y - face.height * (factor - 1) / 2,
            face.width * factor, face.height * factor};
}

// A square of the photo that touches no face, in pixels of the whole photo.
std::optional<cv::Rect2f> free_square(const LabelledPhotos& photos, std::size_t photo,
                                      Random& random) {
    constexpr int kTries = 12;
    const auto [rgb, scale] = photos.at_least(photo, 0.25);
    const double width = rgb.cols / scale, height = rgb.rows / scale;
    for (int i = 0; i < kTries; ++i) {
        const double side = log_uniform(random, 24, 0.6 * std::min(width, height));
        const cv::Rect2f square(static_cast<float>(uniform(random, 0, width - side)),
                                static_cast<float>(uniform(random, 0, height - side)),
                                static_cast<float>(side), static_cast<float>(side));
        const auto& faces = photos.faces(photo);
        if (std::none_of(faces.begin(), faces.end(),
                         [&](const Face& face) { return (grown(face, 1.1F) & square).area() > 0; }))
            return square;
    }
    return std::nullopt;
}

cv::Mat surroundings(const LabelledPhotos& photos, std::size_t photo, const cv::Rect2f& square,
                     cv::Size size) {
    const auto [rgb, scale] =
        photos.at_least(photo, std::max(size.width, size.height) / square.width);
    const auto factor = static_cast<float>(scale);
    const cv::Rect part = cv::Rect(cv::Rect2f(square.x * factor, square.y * factor,
                                              square.width * factor, square.height * factor)) &
                          cv::Rect({}, rgb.size());
    cv::Mat out;
    cv::resize(rgb(part), out, size, 0, 0, cv::INTER_LINEAR);
    return out;
}

// Over a face goes a colour, noise, a piece of its surroundings, or itself without any feature.
void paint_over(cv::Mat& rgb, const cv::Rect& region, const cv::Mat& piece, Random& random) {
    cv::Mat face = rgb(region);
    switch (random() % 4) {
        case 0:
            face.setTo(any_colour(random));
            break;
        case 1:
            noise_texture(region.size(), random).copyTo(face);
            break;
        case 2:
            cv::resize(piece, face, region.size(), 0, 0, cv::INTER_LINEAR);
            break;
        default: {
            cv::Mat few;
            cv::resize(face, few, {2, 2}, 0, 0, cv::INTER_AREA);
            cv::resize(few, face, region.size(), 0, 0, cv::INTER_LINEAR);
        }
    }
}

cv::Mat without_faces(const LabelledPhotos& photos, std::size_t photo, Random& random) {
    const auto [source, scale] = photos.at_least(photo, chance(random, 0.5) ? 1 : 0.5);
    cv::Mat rgb = source.clone();
    const auto square = free_square(photos, photo, random);
    const cv::Mat piece =
        square ? surroundings(photos, photo, *square, {64, 64}) : noise_texture({64, 64}, random);
    for (const Face& face : photos.faces(photo)) {
        const auto factor = static_cast<float>(scale);
        const cv::Rect2f box = grown(face, static_cast<float>(uniform(random, 1.15, 1.5)));
        const cv::Rect region = cv::Rect(cv::Rect2f(box.x * factor, box.y * factor,
                                                    box.width * factor, box.height * factor)) &
                                cv::Rect({}, rgb.size());
        if (region.area() > 0) paint_over(rgb, region, piece, random);
    }
    return rgb;
}

cv::Mat shuffled_blocks(const cv::Mat& rgb, Random& random) {
    const int side = std::uniform_int_distribution(8, 28)(random) * rgb.cols / 250;
    const int columns = rgb.cols / std::max(4, side), rows = rgb.rows / std::max(4, side);
    std::vector<int> order(static_cast<std::size_t>(columns * rows));
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    const cv::Size block(rgb.cols / columns, rgb.rows / rows);
    cv::Mat out(block.height * rows, block.width * columns, CV_8UC3);
    for (int i = 0; i < columns * rows; ++i) {
        const int from = order[static_cast<std::size_t>(i)];
        rgb(cv::Rect({from % columns * block.width, from / columns * block.height}, block))
            .copyTo(out(cv::Rect({i % columns * block.width, i / columns * block.height}, block)));
    }
    return out;
}

// A part of the picture of the wanted shape, turned or mirrored.
cv::Mat any_view(const cv::Mat& rgb, cv::Size size, Random& random) {
    const double share =
        uniform(random, 0.4, 1) * std::min(static_cast<double>(rgb.cols) / size.width,
                                           static_cast<double>(rgb.rows) / size.height);
    const cv::Size part(std::max(1, static_cast<int>(size.width * share)),
                        std::max(1, static_cast<int>(size.height * share)));
    const cv::Point corner(static_cast<int>(uniform(random, 0, rgb.cols - part.width)),
                           static_cast<int>(uniform(random, 0, rgb.rows - part.height)));
    cv::Mat out;
    cv::resize(rgb(cv::Rect(corner, part)), out, size, 0, 0, cv::INTER_LINEAR);
    if (chance(random, 0.5)) cv::flip(out, out, static_cast<int>(random() % 3) - 1);
    return out;
}

}  // namespace

cv::Mat noise_texture(cv::Size size, Random& random) {
    cv::Mat sum(size, CV_32FC3, any_colour(random));
    cv::RNG generator(random());
    const int octaves = std::uniform_int_distribution(1, 3)(random);
    for (int i = 0; i < octaves; ++i) {
        const double grain = log_uniform(random, 1, 48);
        cv::Mat field(std::max(2, static_cast<int>(size.height / grain)),
                      std::max(2, static_cast<int>(size.width / grain)), CV_32FC3);
        const double amplitude = uniform(random, 5, 90);
        generator.fill(field, cv::RNG::UNIFORM, -amplitude, amplitude);
        cv::resize(field, field, size, 0, 0, cv::INTER_LINEAR);
        sum += field;
    }
    cv::Mat out;
    sum.convertTo(out, CV_8U);
    return out;
}

cv::Mat empty_background(const LabelledPhotos& photos, cv::Size size, Random& random) {
    const std::size_t photo = random() % photos.size();
    const double kind = uniform(random, 0, 1);
    cv::Mat out;
    if (kind < 0.06)
        return {size, CV_8UC3, chance(random, 0.5) ? any_colour(random) : cv::Scalar()};
    if (kind < 0.12) return gradient(size, random);
    if (kind < 0.2) return noise_texture(size, random);
    if (kind < 0.3)
        return any_view(shuffled_blocks(photos.at_least(photo, 1).rgb, random), size, random);
    if (kind < 0.7) {
        if (const auto square = free_square(photos, photo, random))
            out = any_view(surroundings(photos, photo, *square, size), size, random);
    }
    if (out.empty()) out = any_view(without_faces(photos, photo, random), size, random);
    if (chance(random, 0.06)) cv::bitwise_not(out, out);
    return out;
}

}  // namespace lowkey::train
