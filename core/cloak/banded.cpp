#include "cloak/banded.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "model/each_width.h"

namespace lowkey::cloak {
namespace {

constexpr int64_t kRowsOfAThread = 32;  // fewer are not worth waking it

template <typename T>
LOWKEY_EACH_WIDTH void add_scaled(int64_t n, T factor, const T* __restrict x, T* __restrict y) {
    for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

template <typename T>
LOWKEY_EACH_WIDTH void add_product(int64_t n, const T* __restrict factors, const T* __restrict x,
                                   T* __restrict y) {
    for (int64_t i = 0; i < n; ++i) y[i] += factors[i] * x[i];
}

// Both matrices as pointers, and where a line must be padded for the one across it.
template <typename T>
struct Taps {
    const T *down, *across;
    int64_t height, width;          // of the picture
    int64_t out_height, out_width;  // of what it becomes
    int64_t first_down, first_across, count_down, count_across;
    int64_t left, padded;

    Taps(const Banded& rows, const Banded& columns)
        : down(rows.diagonals().values.template data_ptr<T>()),
          across(columns.diagonals().values.template data_ptr<T>()),
          height(rows.columns()),
          width(columns.columns()),
          out_height(rows.rows()),
          out_width(columns.rows()),
          first_down(rows.diagonals().first),
          first_across(columns.diagonals().first),
          count_down(rows.diagonals().values.size(0)),
          count_across(columns.diagonals().values.size(0)),
          left(std::max<int64_t>(0, -first_across)),
          padded(left + std::max(width, out_width + first_across + count_across - 1)) {}
};

// One line of the result; `line` is room for a padded line, with zeros around.
template <typename T>
void filtered_line(const Taps<T>& taps, int64_t row, const T* plane, T* line, T* out) {
    std::fill_n(line + taps.left, taps.width, T(0));
    for (int64_t k = 0; k < taps.count_down; ++k) {
        const int64_t from = row + taps.first_down + k;
        if (from < 0 || from >= taps.height) continue;
        add_scaled(taps.width, taps.down[k * taps.out_height + row], plane + from * taps.width,
                   line + taps.left);
    }
    std::fill_n(out, taps.out_width, T(0));
    for (int64_t k = 0; k < taps.count_across; ++k) {
        add_product(taps.out_width, taps.across + k * taps.out_width,
                    line + taps.left + taps.first_across + k, out);
    }
}

template <typename T>
void filter_planes(const Taps<T>& taps, int64_t planes, const T* picture, T* result) {
    at::parallel_for(0, planes * taps.out_height, kRowsOfAThread, [&](int64_t begin, int64_t end) {
        std::vector<T> line(static_cast<std::size_t>(taps.padded), T(0));
        for (int64_t i = begin; i < end; ++i) {
            const int64_t plane = i / taps.out_height, row = i % taps.out_height;
            filtered_line(taps, row, picture + plane * taps.height * taps.width, line.data(),
                          result + i * taps.out_width);
        }
    });
}

struct Filter : torch::autograd::Function<Filter> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context,
                                 const torch::Tensor& picture, const Banded& rows,
                                 const Banded& columns) {
        context->saved_data["matrices"] =
            c10::IValue::make_capsule(c10::make_intrusive<Matrices>(rows, columns));
        const torch::Tensor dense = picture.contiguous();
        std::vector<int64_t> sizes = picture.sizes().vec();
        sizes[sizes.size() - 2] = rows.rows();
        sizes.back() = columns.rows();
        torch::Tensor result = torch::empty(sizes, dense.options());
        const int64_t planes = dense.numel() / (rows.columns() * columns.columns());
        AT_DISPATCH_FLOATING_TYPES(dense.scalar_type(), "filter", [&] {
            filter_planes(Taps<scalar_t>(rows, columns), planes, dense.data_ptr<scalar_t>(),
                          result.data_ptr<scalar_t>());
        });
        return result;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context,
        const torch::autograd::variable_list& gradients) {
        const auto held = context->saved_data["matrices"].toCapsule();
        const auto& [rows, columns] = static_cast<const Matrices&>(*held).both;
        return {filter(rows.transposed(), columns.transposed(), gradients.front()), torch::Tensor(),
                torch::Tensor()};
    }

  private:
    struct Matrices : torch::CustomClassHolder {
        Matrices(Banded rows, Banded columns) : both(std::move(rows), std::move(columns)) {}
        std::pair<Banded, Banded> both;
    };
};

Banded::Diagonals diagonals_of(const torch::Tensor& matrix) {
    const torch::Tensor places = matrix.nonzero();  // count x 2
    if (places.size(0) == 0) return {0, torch::zeros({1, matrix.size(0)}, matrix.options())};
    const torch::Tensor row = places.select(1, 0), offset = places.select(1, 1) - row;
    const auto first = offset.min().item<int64_t>(), last = offset.max().item<int64_t>();
    torch::Tensor values = torch::zeros({last - first + 1, matrix.size(0)}, matrix.options());
    values.index_put_({offset - first, row}, matrix.index({row, places.select(1, 1)}));
    return {first, values};
}

}  // namespace

Banded::Banded(const torch::Tensor& matrix, bool dense)
    : rows_(matrix.size(0)), columns_(matrix.size(1)) {
    forms_ = std::make_shared<const Forms>(
        dense ? Forms{matrix, {}, {}} : Forms{{}, diagonals_of(matrix), diagonals_of(matrix.t())});
}

Banded Banded::transposed() const {
    Banded other = *this;
    std::swap(other.rows_, other.columns_);
    other.is_transposed_ = !is_transposed_;
    return other;
}

torch::Tensor filter(const Banded& rows, const Banded& columns, const torch::Tensor& picture) {
    TORCH_CHECK(picture.size(-2) == rows.columns() && picture.size(-1) == columns.columns(),
                "a filter for another size of picture");
    if (rows.is_dense()) return rows.matrix().matmul(picture).matmul(columns.matrix().t());
    return Filter::apply(picture, rows, columns);
}

}  // namespace lowkey::cloak
