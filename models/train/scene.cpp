#include "train/scene.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "train/background.h"
#include "train/jpeg.h"

namespace lowkey::train {
namespace {

constexpr double kLeastSize = 11, kLargestSize = 400;     // of a face to be found, in pixels
constexpr double kSureVisible = 0.6, kNotVisible = 0.25;  // shares of the box inside its cell
constexpr double kMostFaces = 28;                         // on average, in a mosaic of small cells

cv::Rect2f box_of(const Face& face) {
    return {face.x, face.y, face.width, face.height};
}

double size_of(const Face& face) {
    return std::sqrt(static_cast<double>(face.width) * face.height);
}

// Cells of about the wanted side, of uneven shapes.
void split(const cv::Rect& rect, double side, Random& random, std::vector<cv::Rect>& cells) {
    const bool across = rect.width > rect.height * uniform(random, 0.8, 1.25);
    const int length = across ? rect.width : rect.height;
    if (length < 1.5 * side || length < 2 * static_cast<int>(kLeastSize)) {
        cells.push_back(rect);
        return;
    }
    const int first = static_cast<int>(length * uniform(random, 0.35, 0.65));
    cv::Rect a = rect, b = rect;
    if (across) {
        a.width = first;
        b.x += first;
        b.width -= first;
    } else {
        a.height = first;
        b.y += first;
        b.height -= first;
    }
    split(a, side, random, cells);
    split(b, side, random, cells);
}

double any_angle(Random& random) {
    const double kind = uniform(random, 0, 1);
    if (kind < 0.2) return 0;
    return (kind < 0.65 ? uniform(random, -12, 12) : uniform(random, -33, 33)) * CV_PI / 180;
}

// Photo to scene: the face's middle goes to `middle`, its size becomes `size`.
cv::Matx23d any_map(const Face& face, double size, cv::Point2d middle, Random& random) {
    const double angle = any_angle(random), scale = size / size_of(face);
    const double mirror = chance(random, 0.5) ? -1 : 1;
    const double c = scale * std::cos(angle), s = scale * std::sin(angle);
    cv::Matx23d map(c * mirror, -s, 0, s * mirror, c, 0);
    const double x = face.x + face.width / 2, y = face.y + face.height / 2;
    map(0, 2) = middle.x - map(0, 0) * x - map(0, 1) * y;
    map(1, 2) = middle.y - map(1, 0) * x - map(1, 1) * y;
    return map;
}

void paste(const LabelledPhotos::Version& photo, const cv::Matx23d& map, cv::Mat cell,
           cv::Point corner) {
    cv::Matx23d m = map;  // counts in the whole photo
    for (int row = 0; row < 2; ++row) {
        m(row, 0) /= photo.scale;
        m(row, 1) /= photo.scale;
    }
    m(0, 2) -= corner.x;
    m(1, 2) -= corner.y;
    cv::warpAffine(photo.rgb, cell, between_centres(m), cell.size(), cv::INTER_LINEAR,
                   cv::BORDER_TRANSPARENT);
}

void add_label(Scene& scene, const Face& face, const cv::Rect& cell) {
    const cv::Rect2f box = box_of(face);
    const double visible = (box & cv::Rect2f(cell)).area() / box.area(), size = size_of(face);
    if (visible < kNotVisible || size > 1.8 * scene.rgb.cols) return;  // a part is no face
    const bool sure = face.score >= kSureLabel && visible >= kSureVisible && size >= kLeastSize &&
                      size <= kLargestSize;
    if (sure)
        scene.faces.push_back(face);
    else
        scene.unsure.push_back(box);
}

void add_photo(Scene& scene, const LabelledPhotos& photos, const cv::Rect& cell, Random& random) {
    const std::size_t photo = random() % photos.size();
    const auto& faces = photos.faces(photo);
    if (faces.empty()) return;
    const Face& face = faces[chance(random, 0.85) ? 0 : random() % faces.size()];
    const double side = std::min(cell.width, cell.height);
    // Some far too large: an eye or a cheek is no face.
    const double size =
        side * (chance(random, 0.04) ? uniform(random, 2, 5) : uniform(random, 0.3, 1.1));
    const double margin = size < 1.5 * side ? std::min(0.5, 0.45 * size / side) : 0;
    const cv::Point2d middle(cell.x + cell.width * uniform(random, margin, 1 - margin),
                             cell.y + cell.height * uniform(random, margin, 1 - margin));
    const cv::Matx23d map = any_map(face, std::max(size, 8.0), middle, random);
    const double scale = std::hypot(map(0, 0), map(1, 0));
    paste(photos.at_least(photo, scale), map, scene.rgb(cell), cell.tl());
    for (const Face& other : faces) add_label(scene, moved(other, map), cell);
}

// A bar or block over a part of some faces: fingers, cups, glasses, other heads.
void cover_parts(Scene& scene, Random& random) {
    for (const Face& face : scene.faces) {
        if (!chance(random, 0.1)) continue;
        const cv::Size2d size(face.width * uniform(random, 0.15, 0.6),
                              face.height * uniform(random, 0.15, 0.45));
        const cv::Rect region =
            cv::Rect(static_cast<int>(face.x + uniform(random, -0.1, 0.8) * face.width),
                     static_cast<int>(face.y + uniform(random, -0.1, 0.9) * face.height),
                     static_cast<int>(size.width) + 1, static_cast<int>(size.height) + 1) &
            cv::Rect({}, scene.rgb.size());
        if (region.area() > 0) noise_texture(region.size(), random).copyTo(scene.rgb(region));
    }
}

// Exposure, contrast, gamma and a cast of colour, as one table a channel.
void relight(cv::Mat& rgb, Random& random) {
    const double gamma = std::exp(uniform(random, -0.5, 0.5)), contrast = uniform(random, 0.6, 1.3),
                 shift = uniform(random, -0.18, 0.18);
    cv::Mat table(1, 256, CV_8UC3);
    for (int c = 0; c < 3; ++c) {
        const double cast = uniform(random, 0.85, 1.15);
        for (int i = 0; i < 256; ++i) {
            const double value = std::pow(i / 255.0, gamma) * cast;
            table.at<cv::Vec3b>(i)[c] =
                cv::saturate_cast<uchar>(255 * ((value - 0.5) * contrast + 0.5 + shift));
        }
    }
    cv::LUT(rgb, table, rgb);
}

void soften_or_sharpen(cv::Mat& rgb, Random& random) {
    const double kind = uniform(random, 0, 1);
    if (kind < 0.12) {
        cv::GaussianBlur(rgb, rgb, {}, log_uniform(random, 0.4, 2));
    } else if (kind < 0.2) {
        const cv::Size size = rgb.size();
        const double factor = uniform(random, 0.4, 0.9);
        cv::resize(rgb, rgb, {}, factor, factor, cv::INTER_AREA);
        cv::resize(rgb, rgb, size, 0, 0, cv::INTER_LINEAR);
    } else if (kind < 0.4) {
        cv::Mat blurred;
        cv::GaussianBlur(rgb, blurred, {}, uniform(random, 0.7, 2));
        const double amount = uniform(random, 0.3, 1.5);
        cv::addWeighted(rgb, 1 + amount, blurred, -amount, 0, rgb);
    }
}

}  // namespace

cv::Matx23d between_centres(const cv::Matx23d& map) {
    cv::Matx23d centres = map;
    for (int row = 0; row < 2; ++row) centres(row, 2) += (map(row, 0) + map(row, 1)) / 2 - 0.5;
    return centres;
}

void make_grey(cv::Mat& rgb) {
    cv::Mat grey;
    cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
    cv::cvtColor(grey, rgb, cv::COLOR_GRAY2RGB);
}

void add_grain(cv::Mat& rgb, Random& random, double most) {
    cv::Mat grain(rgb.size(), CV_16SC3);
    cv::RNG generator(random());
    generator.fill(grain, cv::RNG::NORMAL, 0, uniform(random, 2, most));
    cv::add(rgb, grain, rgb, cv::noArray(), CV_8U);
}

Face moved(const Face& face, const cv::Matx23d& map) {
    const auto point = [&](double x, double y) {
        return Point{static_cast<float>(map(0, 0) * x + map(0, 1) * y + map(0, 2)),
                     static_cast<float>(map(1, 0) * x + map(1, 1) * y + map(1, 2))};
    };
    Face result = face;
    result.width = static_cast<float>(std::hypot(map(0, 0) * face.width, map(0, 1) * face.height));
    result.height = static_cast<float>(std::hypot(map(1, 0) * face.width, map(1, 1) * face.height));
    const Point middle = point(face.x + face.width / 2, face.y + face.height / 2);
    result.x = middle.x - result.width / 2;
    result.y = middle.y - result.height / 2;
    for (Point& landmark : result.landmarks) landmark = point(landmark.x, landmark.y);
    const bool mirrored = map(0, 0) * map(1, 1) < map(0, 1) * map(1, 0);
    if (mirrored) {
        std::swap(result.landmarks[0], result.landmarks[1]);
        std::swap(result.landmarks[3], result.landmarks[4]);
    }
    return result;
}

Scene make_scene(const LabelledPhotos& photos, int size, Random& random) {
    Scene scene;
    scene.rgb = empty_background(photos, {size, size}, random);
    if (!chance(random, 0.1)) {
        std::vector<cv::Rect> cells;
        split({0, 0, size, size}, log_uniform(random, 26, 1.2 * size), random, cells);
        const double share = std::min(0.85, kMostFaces / static_cast<double>(cells.size()));
        for (const cv::Rect& cell : cells) {
            if (chance(random, share))
                add_photo(scene, photos, cell, random);
            else if (chance(random, 0.3))
                empty_background(photos, cell.size(), random).copyTo(scene.rgb(cell));
        }
    }
    cover_parts(scene, random);
    if (chance(random, 0.6)) relight(scene.rgb, random);
    if (chance(random, 0.1)) make_grey(scene.rgb);
    soften_or_sharpen(scene.rgb, random);
    if (chance(random, 0.2)) add_grain(scene.rgb, random, 18);
    if (chance(random, 0.25)) compress(scene.rgb, random, 25, 95);
    return scene;
}

}  // namespace lowkey::train
