// Separable filters of few taps on pictures of hundreds of pixels: filtered = rows * picture *
// columns^T with matrices that are zero but for a band.
#pragma once

#include <torch/types.h>

#include <memory>

namespace lowkey::cloak {

// A matrix by its diagonals that are not zero; on a GPU, where one large product costs less than
// many small ones, as it is.
class Banded {
  public:
    Banded() = default;
    explicit Banded(const torch::Tensor& matrix)  // m x n, float32 or float64
        : Banded(matrix, matrix.is_cuda()) {}
    Banded(const torch::Tensor& matrix, bool dense);

    // Entry (i, i + first + k) of the matrix is values[k][i].
    struct Diagonals {
        int64_t first = 0;
        torch::Tensor values;  // count x m, contiguous
    };

    bool defined() const { return forms_ != nullptr; }
    int64_t rows() const { return rows_; }
    int64_t columns() const { return columns_; }
    bool is_dense() const { return forms_->matrix.defined(); }
    // The one that there is:
    torch::Tensor matrix() const { return is_transposed_ ? forms_->matrix.t() : forms_->matrix; }
    const Diagonals& diagonals() const {
        return is_transposed_ ? forms_->transposed : forms_->straight;
    }
    Banded transposed() const;

  private:
    struct Forms {
        torch::Tensor matrix;
        Diagonals straight, transposed;
    };
    int64_t rows_ = 0, columns_ = 0;
    bool is_transposed_ = false;
    std::shared_ptr<const Forms> forms_;
};

// ... x rows.columns() x columns.columns() to ... x rows.rows() x columns.rows(). Differentiable in
// the picture.
torch::Tensor filter(const Banded& rows, const Banded& columns, const torch::Tensor& picture);

}  // namespace lowkey::cloak
