// Similarity transform to the 112x112 ArcFace template and the differentiable, antialiased warp.
#pragma once

#include <torch/types.h>

#include <array>
#include <opencv2/core.hpp>

#include "lowkey/report.h"

namespace lowkey::face {

// Landmarks of the ArcFace template in a 112x112 crop (pixel-centre-at-integer convention, as
// published).
extern const std::array<Point, 5> kArcFaceTemplate;
inline constexpr int kTemplateSize = 112;

// An input geometry of a network in template coordinates: pixel (u, v) of the input lies at
// template point (offset_x + u * step, offset_y + v * step). 112x112: {112,112,0,0,1}; xiaoccer:
// {96,112,8,0,1}; 160x160 over the same field of view: {160,160,o,o,112/160.} with the half-pixel
// offset o = (step-1)/2.
struct CropGeometry {
    int width = kTemplateSize, height = kTemplateSize;
    double offset_x = 0, offset_y = 0, step = 1;
    bool operator==(const CropGeometry&) const = default;
};

// Least-squares similarity (Umeyama 1991) that maps template points to picture points, as a matrix
// between pixel-centre-at-integer coordinates: picture = M * (x, y, 1). `landmarks` are a Face's
// (pixel centres at integer + 0.5); the half pixel between the two conventions is taken off here
// and nowhere else.
cv::Matx23d template_to_picture(const std::array<Point, 5>& landmarks);

// The same transform composed with a crop geometry: input pixel -> picture pixel.
cv::Matx23d crop_to_picture(const cv::Matx23d& template_to_picture, const CropGeometry& crop);

// Samples `image` (N x C x H x W, float) at crop_to_image * (u, v, 1) for every pixel of a height x
// width crop. Where the crop is coarser than the image, an antialiasing low-pass as wide as the
// crop's pixel comes first, so that every image pixel under the crop gets gradient. Outside the
// image: edge values. Differentiable with respect to `image`. Result N x C x height x width, same
// dtype and device.
torch::Tensor warp(const torch::Tensor& image, const cv::Matx23d& crop_to_image, int height,
                   int width);

}  // namespace lowkey::face
