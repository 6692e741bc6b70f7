// The LowKey objective (Cherepanova, Goldblum et al., ICLR 2021, eq. 1), term by term:
//   1/(2n) sum_i (|f_i(A(x)) - f_i(A(x'))|^2 + |f_i(A(x)) - f_i(A(G(x')))|^2) / |f_i(A(x))|
//   - alpha LPIPS(x, x')
#pragma once

#include <torch/types.h>

#include <vector>

#include "cloak/ensemble.h"

namespace lowkey::cloak {

// Squared distance of each row of `cloaked` (views x D) to the one clean embedding (1 x D). The
// division by the clean embedding's length is by 1: embeddings here have unit length.
torch::Tensor squared_distances(const torch::Tensor& clean, const torch::Tensor& cloaked);

// First part of the equation from embeddings, one tensor (1 x D) a recogniser. Scalar.
torch::Tensor identity_distance(const std::vector<torch::Tensor>& clean,
                                const std::vector<torch::Tensor>& plain,
                                const std::vector<torch::Tensor>& smoothed);

// f(x) + f(mirror x), of unit length: the published embedding. `views` holds each view twice, plain
// then mirrored; the result has half as many rows.
torch::Tensor with_mirror(const torch::Tensor& embeddings);

// The published embeddings of a clean picture, one (1 x D) a recogniser; no gradient.
std::vector<torch::Tensor> published_reference(const Ensemble& ensemble,
                                               const torch::Tensor& picture,
                                               const cv::Matx23d& template_to_picture);

// The views of a cloaked picture that the published embedding is made of, with and without G; G
// acts in the template's scale.
const std::vector<View>& published_views();

// One recogniser's identity_distance() with the published embedding: of its embeddings of these
// views. Scalar; the mean over the recognisers is the first part of the equation.
torch::Tensor published_part(const torch::Tensor& clean, const torch::Tensor& embeddings);

// That mean, of a picture.
torch::Tensor published_distance(const Ensemble& ensemble,
                                 const std::vector<torch::Tensor>& reference,
                                 const torch::Tensor& picture,
                                 const cv::Matx23d& template_to_picture);

}  // namespace lowkey::cloak
