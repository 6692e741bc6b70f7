#include "cloak/filters.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace lowkey::cloak {
namespace {

// Matrices are filled on the CPU in double and then moved: they are small and built rarely.
class Matrix {
  public:
    Matrix(int64_t rows, int64_t columns)
        : rows_(rows), columns_(columns), values_(static_cast<std::size_t>(rows * columns)) {}
    double& at(int64_t row, int64_t column) {
        return values_[static_cast<std::size_t>(row * columns_ + column)];
    }
    torch::Tensor tensor(const torch::TensorOptions& options) {
        return torch::from_blob(values_.data(), {rows_, columns_}, torch::kFloat64)
            .to(options.device(), c10::typeMetaToScalarType(options.dtype()), false, true);
    }

  private:
    int64_t rows_, columns_;
    std::vector<double> values_;
};

int64_t reflect(int64_t i, int64_t n) {
    if (n == 1) return 0;
    const int64_t period = 2 * (n - 1);
    i = ((i % period) + period) % period;
    return i < n ? i : period - i;
}

}  // namespace

torch::Tensor gaussian_matrix(int64_t n, double sigma, int radius,
                              const torch::TensorOptions& options) {
    std::vector<double> taps;
    double sum = 0;
    for (int k = -radius; k <= radius; ++k) {
        taps.push_back(std::exp(-0.5 * k * k / (sigma * sigma)));
        sum += taps.back();
    }
    Matrix matrix(n, n);
    for (int64_t i = 0; i < n; ++i) {
        for (int k = -radius; k <= radius; ++k) {
            matrix.at(i, reflect(i + k, n)) += taps[static_cast<std::size_t>(k + radius)] / sum;
        }
    }
    return matrix.tensor(options);
}

torch::Tensor gaussian_inside(int64_t n, double sigma, int radius,
                              const torch::TensorOptions& options) {
    return gaussian_matrix(n, sigma, radius, options)
        .narrow(0, radius, n - 2 * radius)
        .contiguous();
}

torch::Tensor area_matrix(int64_t n, int64_t m, const torch::TensorOptions& options) {
    Matrix matrix(m, n);
    const double scale = static_cast<double>(n) / static_cast<double>(m);
    for (int64_t i = 0; i < m; ++i) {
        const double from = static_cast<double>(i) * scale, to = from + scale;
        for (auto j = static_cast<int64_t>(from); j < n && static_cast<double>(j) < to; ++j) {
            const double overlap =
                std::min(to, static_cast<double>(j) + 1) - std::max(from, static_cast<double>(j));
            matrix.at(i, j) += std::max(0.0, overlap) / scale;
        }
    }
    return matrix.tensor(options);
}

std::array<double, 4> spline_weights(double t) {
    const double u = 1 - t;
    return {u * u * u / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * u * u * u - 6 * u * u + 4) / 6,
            t * t * t / 6};
}

torch::Tensor spline_matrix(int64_t n, int factor, const torch::TensorOptions& options) {
    Matrix matrix(n, n);
    for (int64_t node = 0; node < n; ++node) {
        for (int pixel = 0; pixel < factor; ++pixel) {
            const double at = static_cast<double>(node) + (pixel + 0.5) / factor - 0.5;
            const auto low = static_cast<int64_t>(std::floor(at));
            const std::array<double, 4> weights = spline_weights(at - static_cast<double>(low));
            for (int64_t k = 0; k < 4; ++k) {
                matrix.at(node, std::clamp<int64_t>(low - 1 + k, 0, n - 1)) +=
                    weights[static_cast<std::size_t>(k)] / factor;
            }
        }
    }
    return matrix.tensor(options);
}

torch::Tensor filter(const torch::Tensor& rows, const torch::Tensor& columns,
                     const torch::Tensor& picture) {
    return rows.matmul(picture).matmul(columns.t());
}

}  // namespace lowkey::cloak
