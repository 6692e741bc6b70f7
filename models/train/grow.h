// A trained network's weights for a larger network of the same kind, so that it begins with what
// the smaller one knows.
#pragma once

#include <torch/nn/module.h>

#include "model/safetensors.h"

namespace lowkey::train {

// Net2WiderNet (Chen et al., ICLR 2016) for every tensor of `network` that is a whole number of
// times as wide as in `smaller`: each channel as often as it fits, what leaves it shared at random
// between its copies. Exact where layers follow each other or are added; not where channels are
// joined, nor for attention. A tensor that `smaller` lacks stays as it was initialised; one that
// `network` lacks stays as well, for load_weights() to refuse. Draws from torch's generator. Throws
// Error(pack), naming the tensor, if a size is no whole multiple.
model::Tensors grown(const model::Tensors& smaller, const torch::nn::Module& network);

// Takes out the tensors of numbered blocks ("layer4.1.…") that `network` lacks whole: residual
// blocks only add, so what is left is a worse network of the same kind, to be trained on. For
// networks that number each stage's blocks from 0, as resnet and vit do.
void leave_out_missing_blocks(model::Tensors& weights, const torch::nn::Module& network);

// Takes out a resnet's last layer, for one with another head or that embeds in another number of
// dimensions. Other networks have none of that name and stay whole.
void leave_out_head(model::Tensors& weights);

// So that a transformer's or a resnet's blocks that `smaller` lacks change nothing at first (they
// only add).
void silence_new_blocks(model::Tensors& weights, const model::Tensors& smaller);

}  // namespace lowkey::train
