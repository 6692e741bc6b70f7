// Filters kept by diagonals give what their whole matrices give, and its gradient.
#include "cloak/banded.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "cloak/filters.h"

namespace lowkey::cloak {
namespace {

void expect_as_whole(const torch::Tensor& rows, const torch::Tensor& columns) {
    SCOPED_TRACE(testing::Message() << rows.sizes() << " and " << columns.sizes());
    const torch::Tensor values =
        torch::rand({2, 3, rows.size(1), columns.size(1)}, torch::kFloat64);
    const torch::Tensor weights =
        torch::rand({2, 3, rows.size(0), columns.size(0)}, torch::kFloat64);
    const auto value_and_gradient = [&](const auto& r, const auto& c) {
        const torch::Tensor picture = values.clone().requires_grad_(true);
        const torch::Tensor result = filter(r, c, picture);
        return std::pair(result, torch::autograd::grad({(result * weights).sum()}, {picture})[0]);
    };
    const auto [expected, expected_gradient] = value_and_gradient(rows, columns);
    const auto expect_near = [](const torch::Tensor& found, const torch::Tensor& wanted) {
        ASSERT_EQ(found.sizes(), wanted.sizes());
        EXPECT_LT((found - wanted).abs().max().item<double>(), 1e-12);
    };
    for (const bool dense : {false, true}) {  // by diagonals, and as on a GPU
        SCOPED_TRACE(dense ? "dense" : "by diagonals");
        const Banded r(rows, dense), c(columns, dense);
        const auto [result, gradient] = value_and_gradient(r, c);
        expect_near(result, expected);
        expect_near(gradient, expected_gradient);
        // The gradient of a linear function of the picture is its transpose of the weights.
        expect_near(filter(r.transposed(), c.transposed(), weights), expected_gradient);
    }
}

TEST(Banded, FiltersAsTheWholeMatrixDoes) {
    torch::manual_seed(1);
    const torch::TensorOptions options = torch::kFloat64;
    expect_as_whole(gaussian_matrix(150, 2, 6, options), gaussian_matrix(97, 1.5, 5, options));
    expect_as_whole(gaussian_inside(64, 1.5, 5, options), gaussian_inside(75, 1.5, 5, options));
    expect_as_whole(gaussian_matrix(1, 2, 6, options), gaussian_matrix(33, 40, 120, options));
    expect_as_whole(spline_matrix(70, 3, options), spline_matrix(5, 2, options));
    const torch::Tensor middle = gaussian_inside(90, 1.5, 5, options).narrow(0, 30, 20);
    expect_as_whole(middle, middle);
    expect_as_whole(torch::zeros({40, 50}, options), torch::rand({7, 50}, options));
}

TEST(Banded, HoldsTheBandAlone) {
    const Banded banded(gaussian_matrix(640, 1.5, 5, torch::kFloat32));
    EXPECT_EQ(banded.diagonals().values.size(0), 11);
    EXPECT_EQ(banded.transposed().diagonals().values.size(0), 11);
}

TEST(Banded, FiltersAPictureThatIsNotContiguous) {
    const torch::Tensor matrix = gaussian_matrix(40, 1.5, 5, torch::kFloat64);
    const torch::Tensor picture = torch::rand({3, 1, 40, 40}, torch::kFloat64).transpose(2, 3);
    const Banded banded(matrix);
    EXPECT_LT((filter(banded, banded, picture) - filter(matrix, matrix, picture))
                  .abs()
                  .max()
                  .item<double>(),
              1e-12);
}

}  // namespace
}  // namespace lowkey::cloak
