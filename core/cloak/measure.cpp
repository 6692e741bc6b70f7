#include "cloak/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "cloak/quality.h"
#include "cloak/working_scale.h"
#include "image/convert.h"

namespace lowkey::cloak {
namespace {

constexpr int kReducedSide = 640;
constexpr int kStripRows = 256;
// Photo pixels a template pixel that the alignment starts from: its own low-pass does the rest.
constexpr double kMeasuredPixels = 6;

struct DifferenceSums {
    double squares = 0, largest = 0, dssim = 0;
    double samples = 0, windows = 0;
};

// Sum of (1 - SSIM) / 2 over the windows that fit into the strip.
void add_dssim(const cv::Mat& clean, const cv::Mat& cloaked, DifferenceSums& sums) {
    const cv::Rect fitting(kSsimRadius, kSsimRadius, clean.cols - 2 * kSsimRadius,
                           clean.rows - 2 * kSsimRadius);
    if (fitting.width <= 0 || fitting.height <= 0) return;
    const auto smooth = [](const cv::Mat& picture) {
        cv::Mat result;
        cv::GaussianBlur(picture, result, cv::Size(2 * kSsimRadius + 1, 2 * kSsimRadius + 1),
                         kSsimSigma, kSsimSigma);
        return result;
    };
    const cv::Mat a = clean * 255, b = cloaked * 255;
    const cv::Mat mean_a = smooth(a), mean_b = smooth(b);
    const cv::Mat aa = smooth(a.mul(a)), bb = smooth(b.mul(b)), ab = smooth(a.mul(b));
    constexpr double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
    for (int y = fitting.y; y < fitting.y + fitting.height; ++y) {
        const auto *ma = mean_a.ptr<float>(y), *mb = mean_b.ptr<float>(y), *paa = aa.ptr<float>(y),
                   *pbb = bb.ptr<float>(y), *pab = ab.ptr<float>(y);
        for (int x = 3 * fitting.x; x < 3 * (fitting.x + fitting.width); ++x) {
            const double m = static_cast<double>(ma[x]) * mb[x];
            const double squares =
                static_cast<double>(ma[x]) * ma[x] + static_cast<double>(mb[x]) * mb[x];
            const double ssim =
                (2 * m + c1) * (2 * (pab[x] - m) + c2) /
                ((squares + c1) * (static_cast<double>(paa[x]) + pbb[x] - squares + c2));
            sums.dssim += (1 - ssim) / 2;
        }
        sums.windows += 3.0 * fitting.width;
    }
}

DifferenceSums compare(const PictureView& clean, const PictureView& cloaked, const Rect& box) {
    DifferenceSums sums;
    for (int y = 0; y < box.height; y += kStripRows) {
        const int height = std::min(kStripRows, box.height - y);
        // Windows that start in this strip reach 10 rows into the next one.
        const int with_halo = std::min(height + 2 * kSsimRadius, box.height - y);
        const Rect part{box.x, box.y + y, box.width, with_halo};
        const cv::Mat a = image::region_to_float(clean, part),
                      b = image::region_to_float(cloaked, part);
        const cv::Mat difference = b.rowRange(0, height) - a.rowRange(0, height);
        sums.squares += difference.dot(difference);
        sums.samples += 3.0 * box.width * height;
        sums.largest = std::max(sums.largest, cv::norm(difference, cv::NORM_INF));
        add_dssim(a, b, sums);
    }
    return sums;
}

double chroma_of(const cv::Mat& difference, double sigma) {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor tensor = to_tensor(difference, torch::kCPU);
    const ChromaMeasure measure(tensor.size(2), tensor.size(3), sigma, tensor.options());
    return measure(tensor).item<double>();
}

}  // namespace

torch::Tensor to_tensor(const cv::Mat& picture, const torch::Device& device) {
    const cv::Mat packed = picture.isContinuous() ? picture : picture.clone();
    return torch::from_blob(packed.data, {1, packed.rows, packed.cols, packed.channels()},
                            torch::kFloat32)
        .permute({0, 3, 1, 2})
        .clone(torch::MemoryFormat::Contiguous)  // one channel would otherwise stay borrowed
        .to(device);
}

cv::Mat to_mat(const torch::Tensor& picture) {
    const torch::Tensor planes =
        picture.detach().to(torch::kCPU, torch::kFloat32).squeeze(0).expand({3, -1, -1});
    const torch::Tensor packed = planes.permute({1, 2, 0}).contiguous();
    return cv::Mat(static_cast<int>(packed.size(0)), static_cast<int>(packed.size(1)), CV_32FC3,
                   packed.data_ptr<float>())
        .clone();
}

std::vector<Similarity> measure_similarities(const Ensemble& ensemble, const PictureView& clean,
                                             const PictureView& cloaked, const FaceRegion& region,
                                             const torch::Device& device) {
    const torch::NoGradGuard no_gradient;
    const int factor =
        std::max(1, static_cast<int>(region.span / (face::kTemplateSize * kMeasuredPixels)));
    const cv::Matx23d to_picture = template_to_working(region, factor);
    const auto embed = [&](const PictureView& picture) {
        return ensemble.embed(to_tensor(reduce(picture, region.rect, factor), device), to_picture,
                              std::vector<View>(1));
    };
    const std::vector<torch::Tensor> before = embed(clean), after = embed(cloaked);
    std::vector<Similarity> similarities;
    for (std::size_t i = 0; i < ensemble.size(); ++i) {
        similarities.push_back({ensemble.name(i), (before[i] * after[i]).sum().item<double>()});
    }
    return similarities;
}

Quality measure_quality(const PictureView& clean, const PictureView& cloaked, const Rect& box,
                        model::Perceptual* perceptual, const torch::Device& device) {
    const DifferenceSums sums = compare(clean, cloaked, box);
    Quality quality;
    quality.linf = sums.largest;
    quality.psnr = sums.squares > 0 ? 10 * std::log10(sums.samples / sums.squares)
                                    : std::numeric_limits<double>::infinity();
    constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();
    quality.dssim = sums.windows > 0 ? std::max(0.0, sums.dssim / sums.windows) : kNotMeasured;
    const int longer = std::max(box.width, box.height);
    const int factor = (longer + kReducedSide - 1) / kReducedSide;
    const cv::Mat a = reduce(clean, box, factor), b = reduce(cloaked, box, factor);
    quality.chroma = sums.squares > 0 ? chroma_of(b - a, kChromaSigma * longer / factor) : 0;
    quality.lpips = kNotMeasured;
    if (perceptual != nullptr) {
        const torch::NoGradGuard no_gradient;
        quality.lpips =
            perceptual->distance(to_tensor(a, device), to_tensor(b, device)).mean().item<double>();
    }
    return quality;
}

}  // namespace lowkey::cloak
