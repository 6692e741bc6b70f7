// What a finished cloak did, measured on the pictures' own pixels after rounding.
#pragma once

#include <torch/types.h>

#include <opencv2/core.hpp>
#include <vector>

#include "cloak/ensemble.h"
#include "cloak/region.h"
#include "lowkey/picture.h"
#include "lowkey/report.h"
#include "model/lpips.h"

namespace lowkey::cloak {

// 1 x 3 x H x W from CV_32FC3, and back from 1 x (1|3) x H x W; grey is repeated.
torch::Tensor to_tensor(const cv::Mat& picture, const torch::Device& device);
cv::Mat to_mat(const torch::Tensor& picture);

// Cosine similarity of each recogniser's embeddings of the two pictures, aligned by the clean
// landmarks and warped from photo resolution.
std::vector<Similarity> measure_similarities(const Ensemble& ensemble, const PictureView& clean,
                                             const PictureView& cloaked, const FaceRegion& region,
                                             const torch::Device& device);

// Definitions: lowkey/report.h. DSSIM, PSNR and L-infinity at photo resolution; chroma and LPIPS on
// the box reduced to at most 640 px, so that memory does not depend on the photo.
Quality measure_quality(const PictureView& clean, const PictureView& cloaked, const Rect& box,
                        model::Perceptual* perceptual, const torch::Device& device);

}  // namespace lowkey::cloak
