#include "train/grow.h"

#include <string>

#include "lowkey/error.h"
#include "model/weights.h"

namespace lowkey::train {
namespace {

// Row j of the result is row j modulo as many as there are.
torch::Tensor repeated(const torch::Tensor& values, int64_t dimension, int64_t times) {
    std::vector<int64_t> repeats(static_cast<std::size_t>(values.dim()), 1);
    repeats[static_cast<std::size_t>(dimension)] = times;
    return values.repeat(repeats);
}

// times x the shape of values; they add up to 1 over the first dimension.
torch::Tensor shares(const torch::Tensor& values, int64_t times) {
    std::vector<int64_t> shape{times};
    shape.insert(shape.end(), values.sizes().begin(), values.sizes().end());
    const torch::Tensor drawn = torch::rand(shape) + 0.5;
    return drawn / drawn.sum(0, true);
}

torch::Tensor grown(const std::string& name, torch::Tensor values, const torch::Tensor& larger) {
    if (values.sizes() == larger.sizes()) return values;
    const auto fail = [&] {
        throw Error(ErrorKind::pack,
                    "The smaller network's tensor " + name +
                        " does not fit a whole number of times into the larger's.");
    };
    if (values.dim() != larger.dim() || values.dim() == 3) fail();
    for (int64_t d = 0; d < values.dim(); ++d) {
        const int64_t times = larger.size(d) / values.size(d);
        if (times * values.size(d) != larger.size(d) || (d > 1 && times != 1)) fail();
        if (times == 1) continue;
        if (d == 0) {
            values = repeated(values, 0, times);
        } else {
            // The copies of an input channel lie as far apart as there were channels.
            values = torch::cat((shares(values, times) * values).unbind(0), 1);
        }
    }
    return values;
}

}  // namespace

model::Tensors grown(const model::Tensors& smaller, const torch::nn::Module& network) {
    model::Tensors weights = model::weights_of(network, model::Storage::float32);
    for (auto& [name, values] : weights) {
        const auto known = smaller.find(name);
        if (known != smaller.end()) values = grown(name, known->second.to(values.dtype()), values);
    }
    return weights;
}

void silence_new_blocks(model::Tensors& weights, const model::Tensors& smaller) {
    for (auto& [name, values] : weights) {
        const bool end =
            name.find(".out.") != std::string::npos || name.find(".down.") != std::string::npos;
        if (end && !smaller.contains(name)) values = torch::zeros_like(values);
    }
}

}  // namespace lowkey::train
