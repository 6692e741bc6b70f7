// Separable linear filters as matrices: filtered = rows * picture * columns^T. Small pictures only.
#pragma once

#include <torch/types.h>

#include <array>

namespace lowkey::cloak {

// n x n Gaussian of 2 * radius + 1 taps, reflect padding without repeating the edge.
torch::Tensor gaussian_matrix(int64_t n, double sigma, int radius,
                              const torch::TensorOptions& options);

// n - 2 * radius x n: the same where the whole window lies inside.
torch::Tensor gaussian_inside(int64_t n, double sigma, int radius,
                              const torch::TensorOptions& options);

// m x n: area average from n samples to m <= n.
torch::Tensor area_matrix(int64_t n, int64_t m, const torch::TensorOptions& options);

// The four weights of the uniform cubic B-spline at fraction t in [0, 1) past node i, for nodes
// i - 1 .. i + 2. Non-negative with sum 1, so a spline never exceeds its coefficients.
std::array<double, 4> spline_weights(double t);

// n x n: the spline through n coefficients at `factor` photo pixels a node, averaged back over each
// node's pixels; what a working picture sees of a perturbation that lives at photo scale.
torch::Tensor spline_matrix(int64_t n, int factor, const torch::TensorOptions& options);

torch::Tensor filter(const torch::Tensor& rows, const torch::Tensor& columns,
                     const torch::Tensor& picture);

}  // namespace lowkey::cloak
