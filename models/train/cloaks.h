// Cloaks of crops by the product's own optimiser, with any perceptual network.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "cloak/problem.h"
#include "train/crops.h"

namespace lowkey::train {

// One crop, enlarged `scale` times as a face of that size in a photo: 1 x 3 x H x W in [0, 1].
torch::Tensor enlarged_crop(const Crops& crops, int64_t index, double scale);

// The pictures after the steps `kept` (from 1, ascending), then the finished one, which keeps every
// budget. `picture` is enlarged_crop() at this scale.
std::vector<torch::Tensor> cloak_crop(const torch::Tensor& picture, double scale,
                                      const cloak::Ensemble& ensemble,
                                      model::Perceptual& perceptual, const cloak::Recipe& recipe,
                                      std::uint64_t seed, const std::vector<int>& kept);

}  // namespace lowkey::train
