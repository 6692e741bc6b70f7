#include "cloak/region.h"

#include <algorithm>
#include <cmath>

#include "cloak/working_scale.h"
#include "face/alignment.h"

namespace lowkey::cloak {
namespace {

// Width of the feather in template pixels: a tenth of the crop, so that views that look a little
// beside it still see the cloak and no edge shows.
constexpr double kFeather = 11;
constexpr int kLeastPixels = 4;  // along each side of what is inside the picture

Rect intersect(double left, double top, double right, double bottom, int width, int height) {
    const int x0 = std::clamp(static_cast<int>(std::floor(left)), 0, width);
    const int y0 = std::clamp(static_cast<int>(std::floor(top)), 0, height);
    const int x1 = std::clamp(static_cast<int>(std::ceil(right)), 0, width);
    const int y1 = std::clamp(static_cast<int>(std::ceil(bottom)), 0, height);
    return {x0, y0, std::max(0, x1 - x0), std::max(0, y1 - y0)};
}

Rect footprint(const cv::Matx23d& to_picture, int width, int height) {
    const double low = -0.5 - kFeather, high = face::kTemplateSize - 0.5 + kFeather;
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (const double u : {low, high}) {
        for (const double v : {low, high}) {
            const double x = to_picture(0, 0) * u + to_picture(0, 1) * v + to_picture(0, 2) + 0.5;
            const double y = to_picture(1, 0) * u + to_picture(1, 1) * v + to_picture(1, 2) + 0.5;
            left = std::min(left, x);
            right = std::max(right, x);
            top = std::min(top, y);
            bottom = std::max(bottom, y);
        }
    }
    return intersect(left, top, right, bottom, width, height);
}

cv::Matx23d invert(const cv::Matx23d& m) {
    const double det = m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0);
    const double a = m(1, 1) / det, b = -m(0, 1) / det, c = -m(1, 0) / det, d = m(0, 0) / det;
    return {a, b, -(a * m(0, 2) + b * m(1, 2)), c, d, -(c * m(0, 2) + d * m(1, 2))};
}

double ramp(double distance) {
    const double t = std::clamp(1 - distance / kFeather, 0.0, 1.0);
    return t * t * (3 - 2 * t);
}

}  // namespace

std::optional<FaceRegion> face_region(const Face& face, int width, int height) {
    FaceRegion region;
    region.template_to_picture = face::template_to_picture(face.landmarks);
    const cv::Matx23d& m = region.template_to_picture;
    region.span = face::kTemplateSize * std::hypot(m(0, 0), m(1, 0));
    region.rect = footprint(m, width, height);
    region.box =
        intersect(face.x, face.y, face.x + face.width, face.y + face.height, width, height);
    const int least =
        std::min({region.rect.width, region.rect.height, region.box.width, region.box.height});
    if (!(region.span > 1) || least < kLeastPixels) return std::nullopt;
    region.factor = working_factor(region.span);
    return region;
}

cv::Mat cover(const FaceRegion& region, const MaskView& selection, const Rect& part) {
    const cv::Matx23d to_template = invert(region.template_to_picture);
    const double high = face::kTemplateSize - 0.5;
    cv::Mat result(part.height, part.width, CV_32FC1);
    for (int y = 0; y < part.height; ++y) {
        auto* row = result.ptr<float>(y);
        const std::uint8_t* selected =
            selection.data == nullptr
                ? nullptr
                : selection.data + static_cast<std::size_t>(part.y + y) * selection.stride + part.x;
        for (int x = 0; x < part.width; ++x) {
            const double px = part.x + x, py = part.y + y;
            const double u = to_template(0, 0) * px + to_template(0, 1) * py + to_template(0, 2);
            const double v = to_template(1, 0) * px + to_template(1, 1) * py + to_template(1, 2);
            const double beside = std::max({-0.5 - u, u - high, 0.0});
            const double above = std::max({-0.5 - v, v - high, 0.0});
            const double share = selected == nullptr ? 1 : selected[x] / 255.0;
            row[x] = static_cast<float>(ramp(std::hypot(beside, above)) * share);
        }
    }
    return result;
}

double selected_share(const Rect& box, const MaskView& selection) {
    if (selection.data == nullptr) return 1;
    double sum = 0;
    for (int y = box.y; y < box.y + box.height; ++y) {
        const std::uint8_t* row = selection.data + static_cast<std::size_t>(y) * selection.stride;
        for (int x = box.x; x < box.x + box.width; ++x) sum += row[x];
    }
    return sum / 255 / (static_cast<double>(box.width) * box.height);
}

cv::Matx23d template_to_working(const FaceRegion& region, int factor) {
    const cv::Matx23d& m = region.template_to_picture;
    const double k = factor;
    return {m(0, 0) / k, m(0, 1) / k, (m(0, 2) - region.rect.x + 0.5) / k - 0.5,
            m(1, 0) / k, m(1, 1) / k, (m(1, 2) - region.rect.y + 0.5) / k - 0.5};
}

cv::Rect box_in_working(const FaceRegion& region, int factor) {
    const cv::Rect whole(0, 0, (region.rect.width + factor - 1) / factor,
                         (region.rect.height + factor - 1) / factor);
    const int x0 = (region.box.x - region.rect.x) / factor;
    const int y0 = (region.box.y - region.rect.y) / factor;
    const int x1 = (region.box.x + region.box.width - region.rect.x + factor - 1) / factor;
    const int y1 = (region.box.y + region.box.height - region.rect.y + factor - 1) / factor;
    return cv::Rect(x0, y0, x1 - x0, y1 - y0) & whole;
}

}  // namespace lowkey::cloak
