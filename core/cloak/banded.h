// Separable filters of few taps on pictures of hundreds of pixels: filtered = rows * picture *
// columns^T with matrices that are zero but for a band.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

namespace lowkey::cloak {

// A matrix as dense blocks of some rows each, without the columns that are zero in all of them. On
// a GPU it is one block: there many small products cost more than a large one.
class Banded {
  public:
    struct Block {
        int64_t row = 0, column = 0;  // of the first entry in the matrix
        torch::Tensor values;
    };

    Banded() = default;
    explicit Banded(const torch::Tensor& matrix);  // m x n

    bool defined() const { return blocks_ != nullptr; }
    int64_t rows() const { return rows_; }
    int64_t columns() const { return columns_; }
    const std::vector<Block>& blocks() const { return *blocks_; }

  private:
    int64_t rows_ = 0, columns_ = 0;
    std::shared_ptr<const std::vector<Block>> blocks_;
};

// ... x rows.columns() x columns.columns() to ... x rows.rows() x columns.rows(). Differentiable in
// the picture.
torch::Tensor filter(const Banded& rows, const Banded& columns, const torch::Tensor& picture);

}  // namespace lowkey::cloak
