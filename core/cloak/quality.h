// Perceptual measures of a change: differentiable against a fixed clean picture, for the optimiser.
#pragma once

#include <ATen/core/ivalue.h>
#include <torch/types.h>

#include "cloak/banded.h"

namespace lowkey::cloak {

inline constexpr int kSsimRadius = 5;  // 11 x 11
inline constexpr double kSsimSigma = 1.5;
inline constexpr double kChromaSigma = 0.02;  // of the box's longer side

// SSIM (Wang et al. 2004) with an 11x11 Gaussian of sigma 1.5 on 0..255.
class SsimReference {
  public:
    explicit SsimReference(const torch::Tensor& clean);  // 1 x C x H x W in [0, 1]
    // (1 - SSIM) / 2 at each place where the window fits: C x 1 x H-10 x W-10. Pictures smaller
    // than the window are first continued by their edge.
    torch::Tensor dssim_map(const torch::Tensor& picture) const;

    // What is known of the clean picture, of 0..255: C x 1 x H x W, and with the window moved over
    // it C x 1 x H-10 x W-10; SSIM's constants are added to the last two.
    struct Clean : torch::CustomClassHolder {
        Banded rows, columns;  // the window
        torch::Tensor planes, mean, squared_mean, variance;
    };

  private:
    torch::Tensor planes(const torch::Tensor& picture) const;
    int64_t pad_bottom_ = 0, pad_right_ = 0;
    c10::intrusive_ptr<Clean> clean_;
};

// Low-frequency colour: rms of Cb and Cr (BT.601, 0..255) of a difference after a Gaussian.
class ChromaMeasure {
  public:
    ChromaMeasure(int64_t height, int64_t width, double sigma, const torch::TensorOptions& options);
    torch::Tensor operator()(
        const torch::Tensor& difference) const;  // 1 x 3 x H x W of 1.0; scalar

  private:
    torch::Tensor rows_, columns_, to_chroma_;
};

}  // namespace lowkey::cloak
