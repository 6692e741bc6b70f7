// Rank-1 identification among the validation people.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "train/crops.h"

namespace lowkey::train {

// Pictures B x 3 x 112 x 112 in [0, 1] to unit embeddings B x D.
using Embed = std::function<torch::Tensor(const torch::Tensor&)>;

// Share of validation people with two photos or more whose second photo finds their first one
// nearest by cosine, among the first photos of all of them.
double rank1(const Crops& crops, const Embed& embed);

}  // namespace lowkey::train
