#include "cloak/banded.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

namespace lowkey::cloak {
namespace {

constexpr int64_t kBlockRows = 32;  // few beside a picture, many beside a filter's taps

// Applied from the left to each plane: P x n x W to P x m x W.
torch::Tensor down(const Banded& matrix, const torch::Tensor& planes) {
    std::vector<torch::Tensor> parts;
    for (const auto& [row, column, values] : matrix.blocks())
        parts.push_back(torch::bmm(values.expand({planes.size(0), -1, -1}),
                                   planes.narrow(1, column, values.size(1))));
    return torch::cat(parts, 1);
}

torch::Tensor down_transposed(const Banded& matrix, const torch::Tensor& planes) {
    torch::Tensor result =
        torch::zeros({planes.size(0), matrix.columns(), planes.size(2)}, planes.options());
    for (const auto& [row, column, values] : matrix.blocks())
        result.narrow(1, column, values.size(1))
            .baddbmm_(values.t().expand({planes.size(0), -1, -1}),
                      planes.narrow(1, row, values.size(0)));
    return result;
}

// Applied to each line: N x n to N x m.
torch::Tensor across(const Banded& matrix, const torch::Tensor& lines) {
    std::vector<torch::Tensor> parts;
    for (const auto& [row, column, values] : matrix.blocks())
        parts.push_back(lines.narrow(1, column, values.size(1)).matmul(values.t()));
    return torch::cat(parts, 1);
}

torch::Tensor across_transposed(const Banded& matrix, const torch::Tensor& lines) {
    torch::Tensor result = torch::zeros({lines.size(0), matrix.columns()}, lines.options());
    for (const auto& [row, column, values] : matrix.blocks())
        result.narrow(1, column, values.size(1))
            .addmm_(lines.narrow(1, row, values.size(0)), values);
    return result;
}

// Autograd's own backward of overlapping slices would add up one whole picture a block.
class Filter : public torch::autograd::Function<Filter> {
  public:
    static torch::Tensor forward(torch::autograd::AutogradContext* context,
                                 const torch::Tensor& picture, const Banded& rows,
                                 const Banded& columns) {
        context->saved_data["matrices"] =
            c10::IValue::make_capsule(c10::make_intrusive<Matrices>(rows, columns));
        const torch::Tensor narrowed =
            down(rows, picture.reshape({-1, picture.size(-2), picture.size(-1)}));
        return across(columns, narrowed.reshape({-1, columns.columns()}))
            .view(with_size(picture, rows.rows(), columns.rows()));
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context,
        const torch::autograd::variable_list& gradients) {
        const auto held = context->saved_data["matrices"].toCapsule();
        const auto& [rows, columns] = static_cast<const Matrices&>(*held).both;
        const torch::Tensor& gradient = gradients.front();
        const torch::Tensor lines = gradient.reshape({-1, columns.rows()});
        const torch::Tensor planes =
            across_transposed(columns, lines).view({-1, rows.rows(), columns.columns()});
        return {down_transposed(rows, planes)
                    .view(with_size(gradient, rows.columns(), columns.columns())),
                torch::Tensor(), torch::Tensor()};
    }

  private:
    struct Matrices : torch::CustomClassHolder {
        Matrices(Banded rows, Banded columns) : both(std::move(rows), std::move(columns)) {}
        std::pair<Banded, Banded> both;
    };

    static std::vector<int64_t> with_size(const torch::Tensor& like, int64_t height,
                                          int64_t width) {
        std::vector<int64_t> sizes = like.sizes().vec();
        sizes[sizes.size() - 2] = height;
        sizes.back() = width;
        return sizes;
    }
};

}  // namespace

Banded::Banded(const torch::Tensor& matrix) : rows_(matrix.size(0)), columns_(matrix.size(1)) {
    std::vector<Block> blocks;
    const int64_t height = matrix.is_cuda() ? rows_ : kBlockRows;
    for (int64_t row = 0; row < rows_; row += height) {
        const torch::Tensor some = matrix.narrow(0, row, std::min(height, rows_ - row));
        const torch::Tensor used = some.ne(0).any(0).nonzero();
        const int64_t first = used.size(0) > 0 ? used[0].item<int64_t>() : 0;
        const int64_t last = used.size(0) > 0 ? used[-1].item<int64_t>() : 0;
        blocks.push_back({row, first, some.narrow(1, first, last - first + 1).contiguous()});
    }
    blocks_ = std::make_shared<const std::vector<Block>>(std::move(blocks));
}

torch::Tensor filter(const Banded& rows, const Banded& columns, const torch::Tensor& picture) {
    TORCH_CHECK(picture.size(-2) == rows.columns() && picture.size(-1) == columns.columns(),
                "a filter for another size of picture");
    return Filter::apply(picture, rows, columns);
}

}  // namespace lowkey::cloak
