#include "cloak/compression.h"

#include <torch/autograd.h>
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "image/jpeg_quality.h"

namespace lowkey::cloak {
namespace {

constexpr int64_t kBlock = 8;

torch::Tensor quantiser(const image::QuantisationTable& table, double quality,
                        const torch::TensorOptions& options) {
    std::vector<float> steps;
    for (const int step : table) {
        steps.push_back(static_cast<float>(image::scaled_step(step, quality)));
    }
    return torch::tensor(steps).view({kBlock, kBlock}).to(options);
}

// Orthonormal DCT-II; row k has frequency k.
torch::Tensor cosines(const torch::TensorOptions& options) {
    std::vector<float> matrix;
    for (int64_t k = 0; k < kBlock; ++k) {
        for (int64_t n = 0; n < kBlock; ++n) {
            const double turn = M_PI * static_cast<double>((2 * n + 1) * k) / (2.0 * kBlock);
            matrix.push_back(
                static_cast<float>(std::sqrt((k == 0 ? 1.0 : 2.0) / kBlock) * std::cos(turn)));
        }
    }
    return torch::tensor(matrix).view({kBlock, kBlock}).to(options);
}

struct Rounded : torch::autograd::Function<Rounded> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context,
                                 const torch::Tensor& values) {
        context->save_for_backward({values});
        return values.round();
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list above) {
        const torch::Tensor values = context->get_saved_variables().front();
        return {above.front() * (2 * values).square().clamp_max(1)};
    }
};

// One plane of 0 to 255, 1 x 1 x H x W, whose grid of blocks begins that far before it. `dct` is
// cosines().
torch::Tensor coded(const torch::Tensor& plane, const torch::Tensor& dct,
                    const torch::Tensor& steps, int row, int column) {
    const int64_t height = plane.size(2), width = plane.size(3);
    const auto whole_blocks = [](int64_t n) { return (n + kBlock - 1) / kBlock * kBlock; };
    const int64_t rows = whole_blocks(height + row), columns = whole_blocks(width + column);
    const torch::Tensor padded = torch::replication_pad2d(
        plane, {column, columns - width - column, row, rows - height - row});
    const torch::Tensor blocks =
        padded.view({rows / kBlock, kBlock, columns / kBlock, kBlock}).permute({0, 2, 1, 3});
    const torch::Tensor coefficients =
        Rounded::apply(dct.matmul(blocks).matmul(dct.t()) / steps) * steps;
    return dct.t()
        .matmul(coefficients)
        .matmul(dct)
        .permute({0, 2, 1, 3})
        .reshape({1, 1, rows, columns})
        .narrow(2, row, height)
        .narrow(3, column, width);
}

}  // namespace

torch::Tensor through_jpeg(const torch::Tensor& picture, const Compression& compression) {
    const torch::Tensor values = picture * 255;
    const torch::Tensor red = values.narrow(1, 0, 1), green = values.narrow(1, 1, 1),
                        blue = values.narrow(1, 2, 1);
    const torch::Tensor clean_luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    const torch::Tensor dct = cosines(picture.options());
    const torch::Tensor luma =
        coded(clean_luma - 128, dct,
              quantiser(image::kLumaTable, compression.quality, picture.options()), compression.row,
              compression.column) +
        128;
    const torch::Tensor steps =
        quantiser(image::kChromaTable, compression.quality, picture.options());
    const auto through_chroma = [&](const torch::Tensor& plane) {
        const torch::Tensor small = torch::avg_pool2d(plane, {2, 2}, {2, 2}, {0, 0}, true);
        const torch::Tensor back =
            coded(small, dct, steps, compression.row / 2, compression.column / 2);
        return torch::upsample_bilinear2d(back, {2 * small.size(2), 2 * small.size(3)}, false)
            .narrow(2, 0, plane.size(2))
            .narrow(3, 0, plane.size(3));
    };
    const torch::Tensor cb = through_chroma((blue - clean_luma) / 1.772);
    const torch::Tensor cr = through_chroma((red - clean_luma) / 1.402);
    const torch::Tensor rgb =
        torch::cat({luma + 1.402 * cr, luma - 0.344136 * cb - 0.714136 * cr, luma + 1.772 * cb}, 1);
    return (rgb / 255).clamp(0, 1);
}

}  // namespace lowkey::cloak
