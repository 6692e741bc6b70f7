#include "cloak/working_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "cloak/filters.h"
#include "image/convert.h"

namespace lowkey::cloak {
namespace {

constexpr int kStripBlocks = 8;  // blocks high, so that a strip is a few megabytes at most
constexpr int kStripRows = 64;   // where blocks are single pixels

int blocks(int pixels, int factor) {
    return (pixels + factor - 1) / factor;
}

int strip_height(int factor) {
    return factor == 1 ? kStripRows : kStripBlocks * factor;
}

// Means of factor x factor blocks of a strip; the strip starts on a block's edge.
cv::Mat block_means(const cv::Mat& strip, int factor) {
    if (factor == 1) return strip;
    const int channels = strip.channels();
    cv::Mat means(blocks(strip.rows, factor), blocks(strip.cols, factor), strip.type());
    std::vector<double> sums(static_cast<std::size_t>(means.cols) *
                             static_cast<std::size_t>(channels));
    for (int by = 0; by < means.rows; ++by) {
        std::fill(sums.begin(), sums.end(), 0.0);
        const int end = std::min(strip.rows, (by + 1) * factor);
        for (int y = by * factor; y < end; ++y) {
            const float* row = strip.ptr<float>(y);
            for (int x = 0; x < strip.cols; ++x) {
                for (int c = 0; c < channels; ++c) {
                    sums[static_cast<std::size_t>(x / factor * channels + c)] +=
                        row[x * channels + c];
                }
            }
        }
        float* out = means.ptr<float>(by);
        for (int bx = 0; bx < means.cols; ++bx) {
            const int width = std::min(strip.cols, (bx + 1) * factor) - bx * factor;
            const double area = static_cast<double>(width) * (end - by * factor);
            for (int c = 0; c < channels; ++c) {
                const auto i = static_cast<std::size_t>(bx * channels + c);
                out[i] = static_cast<float>(sums[i] / area);
            }
        }
    }
    return means;
}

template <typename ReadStrip>
cv::Mat reduce_strips(const ReadStrip& read, const Rect& region, int factor, int type) {
    cv::Mat whole(blocks(region.height, factor), blocks(region.width, factor), type);
    for (int y = 0; y < region.height; y += strip_height(factor)) {
        const int height = std::min(strip_height(factor), region.height - y);
        const cv::Mat means =
            block_means(read(Rect{region.x, region.y + y, region.width, height}), factor);
        means.copyTo(whole.rowRange(y / factor, y / factor + means.rows));
    }
    return whole;
}

// The four nodes and weights of each photo pixel along one axis.
struct Taps {
    std::array<int, 4> nodes;
    std::array<float, 4> weights;
};
std::vector<Taps> spline_taps(int pixels, int factor) {
    const int count = blocks(pixels, factor);
    std::vector<Taps> taps(static_cast<std::size_t>(pixels));
    for (int p = 0; p < pixels; ++p) {
        const double at = (p + 0.5) / factor - 0.5;
        const int low = static_cast<int>(std::floor(at));
        const std::array<double, 4> weights = spline_weights(at - low);
        for (int k = 0; k < 4; ++k) {
            const auto i = static_cast<std::size_t>(k);
            taps[static_cast<std::size_t>(p)].nodes[i] = std::clamp(low - 1 + k, 0, count - 1);
            taps[static_cast<std::size_t>(p)].weights[i] = static_cast<float>(weights[i]);
        }
    }
    return taps;
}

// Rows [from, from + count) of the spline at photo scale.
cv::Mat spline_rows(const cv::Mat& coefficients, const std::vector<Taps>& down,
                    const std::vector<Taps>& across, int from, int count) {
    cv::Mat strip(count, static_cast<int>(across.size()), CV_32FC3);
    cv::Mat line(1, coefficients.cols, CV_32FC3);
    for (int y = 0; y < count; ++y) {
        const Taps& rows = down[static_cast<std::size_t>(from + y)];
        line.setTo(0);
        for (std::size_t k = 0; k < 4; ++k) {
            cv::scaleAdd(coefficients.row(rows.nodes[k]), rows.weights[k], line, line);
        }
        const auto* nodes = line.ptr<cv::Vec3f>();
        auto* out = strip.ptr<cv::Vec3f>(y);
        for (std::size_t x = 0; x < across.size(); ++x) {
            const Taps& t = across[x];
            out[x] = nodes[t.nodes[0]] * t.weights[0] + nodes[t.nodes[1]] * t.weights[1] +
                     nodes[t.nodes[2]] * t.weights[2] + nodes[t.nodes[3]] * t.weights[3];
        }
    }
    return strip;
}

void multiply_by_cover(cv::Mat& delta, const cv::Mat& cover) {
    for (int y = 0; y < delta.rows; ++y) {
        auto* values = delta.ptr<cv::Vec3f>(y);
        const float* factors = cover.ptr<float>(y);
        for (int x = 0; x < delta.cols; ++x) values[x] *= factors[x];
    }
}

}  // namespace

int working_factor(double span) {
    return std::max(1, static_cast<int>(std::lround(span / kWorkingSpan)));
}

cv::Mat reduce(const PictureView& picture, const Rect& region, int factor) {
    const auto read = [&](const Rect& part) { return image::region_to_float(picture, part); };
    return reduce_strips(read, region, factor, CV_32FC3);
}

cv::Mat reduce(const Cover& cover, const Rect& region, int factor) {
    return reduce_strips(cover, region, factor, CV_32FC1);
}

void add_spline(Picture& picture, const Rect& region, int factor, const cv::Mat& coefficients,
                const Cover& cover) {
    const std::vector<Taps> down = spline_taps(region.height, factor);
    const std::vector<Taps> across = spline_taps(region.width, factor);
    for (int y = 0; y < region.height; y += strip_height(factor)) {
        const int height = std::min(strip_height(factor), region.height - y);
        const Rect part{region.x, region.y + y, region.width, height};
        cv::Mat delta = factor == 1 ? coefficients.rowRange(y, y + height).clone()
                                    : spline_rows(coefficients, down, across, y, height);
        multiply_by_cover(delta, cover(part));
        image::add_delta(picture, part, delta);
    }
}

}  // namespace lowkey::cloak
