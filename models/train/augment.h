// Training views of the crops: what cameras, strangers' pipelines and cloaks do to a face.
#pragma once

#include <torch/types.h>

#include <vector>

#include "train/crops.h"
#include "train/random.h"

namespace lowkey::train {

// B x 3 x 112 x 112 RGB in [0, 1], B = indices.size(): jittered, mirrored, relit, blurred,
// compressed or occluded crops; some are mixes of two faces, some carry structured noise as strong
// as a cloak.
torch::Tensor augmented_batch(const Crops& crops, const std::vector<int64_t>& indices,
                              Random& random);

}  // namespace lowkey::train
