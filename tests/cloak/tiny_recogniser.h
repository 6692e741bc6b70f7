// A recogniser small enough for central differences in float64, with weights from a seed.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include "cloak/ensemble.h"
#include "model/recogniser.h"

namespace lowkey::cloak {

class TinyRecogniser : public model::Recogniser {
  public:
    explicit TinyRecogniser(uint64_t seed, torch::ScalarType type = torch::kFloat64,
                            face::CropGeometry crop = {}) {
        name_ = "tiny";  // all alike: nothing may depend on names
        crop_ = crop;
        const torch::Generator generator = at::detail::createCPUGenerator(seed);
        const auto options = torch::TensorOptions().dtype(torch::kFloat64);
        // Kernels without a mean look at detail, as real recognisers do, and not at brightness.
        const torch::Tensor kernels = torch::randn({6, 3, 5, 5}, generator, options);
        first_ = (kernels - kernels.mean({1, 2, 3}, true)).to(type);
        second_ = (torch::randn({8, 6, 3, 3}, generator, options) * 0.3).to(type);
        last_ = torch::randn({16, 8 * 9}, generator, options).to(type);
    }
    void set_period(int period) { period_ = period; }
    int looks() const { return looks_; }
    torch::Tensor embed(const torch::Tensor& crops) override {
        ++looks_;
        const torch::Tensor a = at::conv2d(crops, first_, {}, 4, 2).tanh();
        const torch::Tensor b = at::conv2d(a, second_, {}, 2, 1).tanh();
        const torch::Tensor pooled = at::adaptive_avg_pool2d(b, {3, 3}).flatten(1);
        const torch::Tensor features = pooled.matmul(last_.t());
        return features / features.norm(2, {1}, true);
    }

  private:
    torch::Tensor first_, second_, last_;
    int looks_ = 0;
};

// A smooth picture with some detail, 1 x 3 x size x size.
inline torch::Tensor test_picture(int64_t height, int64_t width, uint64_t seed,
                                  torch::ScalarType type = torch::kFloat64) {
    const torch::Generator generator = at::detail::createCPUGenerator(seed);
    const torch::Tensor coarse = torch::rand({1, 3, 9, 9}, generator, torch::kFloat64);
    const torch::Tensor fine = torch::rand({1, 3, height, width}, generator, torch::kFloat64);
    return (at::upsample_bilinear2d(coarse, {height, width}, false) * 0.7 + fine * 0.1 + 0.1)
        .to(type);
}

// The template centred in a picture, turned a little, `scale` picture pixels a template pixel.
inline cv::Matx23d centred_transform(int64_t height, int64_t width, double scale,
                                     double angle = 0.1) {
    const double c = scale * std::cos(angle), s = scale * std::sin(angle);
    const double middle = 55.5;
    return {c, -s, static_cast<double>(width - 1) / 2 - c * middle + s * middle,
            s, c,  static_cast<double>(height - 1) / 2 - s * middle - c * middle};
}

}  // namespace lowkey::cloak
