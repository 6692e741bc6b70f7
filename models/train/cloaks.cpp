#include "train/cloaks.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "cloak/measure.h"

namespace lowkey::train {

torch::Tensor enlarged_crop(const Crops& crops, int64_t index, double scale) {
    const cv::Mat crop(kCropSize, kCropSize, CV_8UC3, crops.pixels[index].data_ptr());
    cv::Mat picture;
    crop.convertTo(picture, CV_32F, 1 / 255.0);
    cv::resize(picture, picture, {}, scale, scale, cv::INTER_CUBIC);
    return cloak::to_tensor(picture, torch::kCPU).clamp(0, 1);
}

std::vector<torch::Tensor> cloak_crop(const torch::Tensor& picture, double scale,
                                      const cloak::Ensemble& ensemble,
                                      model::Perceptual& perceptual, const cloak::Recipe& recipe,
                                      std::uint64_t seed, const std::vector<int>& kept) {
    cloak::Problem::Parts parts;
    parts.picture = picture;
    parts.reference = picture;
    parts.cover = torch::ones({1, 1, picture.size(2), picture.size(3)}, picture.options());
    const double origin = (kMargin + 0.5) * scale - 0.5;
    parts.template_to_picture = cv::Matx23d(scale, 0, origin, 0, scale, origin);
    const int from = static_cast<int>(kMargin * scale), side = static_cast<int>(112 * scale);
    parts.box = {from, from, side, side};
    const cloak::Problem problem(std::move(parts), ensemble, &perceptual);
    std::vector<torch::Tensor> pictures;
    const auto observe = [&](const cloak::Step& step) {
        if (std::binary_search(kept.begin(), kept.end(), step.index)) {
            pictures.push_back(problem.perturbed(step.coefficients));
        }
        return true;
    };
    const auto coefficients = cloak::ascend_budgeted(problem, recipe, seed, observe);
    pictures.push_back(problem.perturbed(coefficients));
    for (auto& cloaked : pictures) cloaked = cloaked.detach();
    return pictures;
}

}  // namespace lowkey::train
