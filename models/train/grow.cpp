#include "train/grow.h"

#include <regex>
#include <string>
#include <vector>

#include "lowkey/error.h"
#include "model/weights.h"

namespace lowkey::train {
namespace {

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
        // The copies of a channel lie as far apart as there were channels.
        values = torch::cat(d == 0 ? std::vector<torch::Tensor>(times, values)
                                   : (shares(values, times) * values).unbind(0),
                            d);
    }
    return values;
}

}  // namespace

model::Tensors grown(const model::Tensors& smaller, const torch::nn::Module& network) {
    model::Tensors weights = smaller;
    for (const auto& [name, own] : model::weights_of(network, model::Storage::float32)) {
        const auto [known, lacking] = weights.try_emplace(name, own);
        if (!lacking) known->second = grown(name, known->second.to(own.dtype()), own);
    }
    return weights;
}

void leave_out_missing_blocks(model::Tensors& weights, const torch::nn::Module& network) {
    static const std::regex block(R"(^.*?\.\d+\.)");
    const auto own = model::weights_of(network, model::Storage::float32);
    std::erase_if(weights, [&](const auto& item) {
        std::smatch found;
        if (!std::regex_search(item.first, found, block)) return false;
        const auto first = own.lower_bound(found.str());
        return first == own.end() || !first->first.starts_with(found.str());
    });
}

void leave_out_head(model::Tensors& weights) {
    std::erase_if(weights, [](const auto& item) {
        return item.first.starts_with("fc.") || item.first.starts_with("bn_o2.");
    });
}

void silence_new_blocks(model::Tensors& weights, const model::Tensors& smaller) {
    for (auto& [name, values] : weights) {
        const bool end = name.find(".out.") != std::string::npos ||
                         name.find(".down.") != std::string::npos || name.ends_with(".bn3.weight");
        if (end && !smaller.contains(name)) values = torch::zeros_like(values);
    }
}

}  // namespace lowkey::train
