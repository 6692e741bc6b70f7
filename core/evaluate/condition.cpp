#include "evaluate/condition.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "image/codec.h"
#include "image/convert.h"

namespace lowkey::evaluate {
namespace {

constexpr std::array<std::pair<Condition, std::string_view>, 6> kNames = {{
    {Condition::clean, "clean"},
    {Condition::cloaked, "cloaked"},
    {Condition::jpeg85, "jpeg85"},
    {Condition::jpeg75, "jpeg75"},
    {Condition::half, "half"},
    {Condition::half_jpeg75, "half+jpeg75"},
}};

cv::Mat halved(const cv::Mat& rgb) {
    cv::Mat half;
    cv::resize(rgb, half, {std::max(1, rgb.cols / 2), std::max(1, rgb.rows / 2)}, 0, 0,
               cv::INTER_AREA);
    return half;
}

cv::Mat through_jpeg(const cv::Mat& rgb, int quality) {
    const PictureView view{reinterpret_cast<const std::byte*>(rgb.data), rgb.cols, rgb.rows,
                           rgb.step, PixelFormat{}};
    image::FileInfo info;
    info.type = image::FileType::jpeg;
    info.quality = quality;
    const image::Bytes file = image::write_jpeg(view, info);
    return image::to_rgb8(image::read_jpeg(file, "a cloaked photo").picture.view());
}

}  // namespace

std::string_view name_of(Condition condition) {
    return std::ranges::find(kNames, condition, &std::pair<Condition, std::string_view>::first)
        ->second;
}

std::optional<Condition> parse_condition(std::string_view name) {
    for (const auto& [condition, its_name] : kNames) {
        if (its_name == name) return condition;
    }
    return std::nullopt;
}

cv::Mat degrade(const cv::Mat& rgb, Condition condition) {
    switch (condition) {
        case Condition::jpeg85:
            return through_jpeg(rgb, 85);
        case Condition::jpeg75:
            return through_jpeg(rgb, 75);
        case Condition::half:
            return halved(rgb);
        case Condition::half_jpeg75:
            return through_jpeg(halved(rgb), 75);
        case Condition::clean:
        case Condition::cloaked:
            break;
    }
    return rgb;
}

}  // namespace lowkey::evaluate
