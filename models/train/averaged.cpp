#include "train/averaged.h"

#include <algorithm>
#include <utility>

#include "model/weights.h"

namespace lowkey::train {
namespace {

constexpr double kMeanDecay = 0.998;
constexpr const char* kCheckpoint = ".checkpoint.safetensors";

}  // namespace

Averaged::Averaged(torch::nn::Module& network, torch::nn::Module& mean, std::filesystem::path stem)
    : network_(network), mean_(mean), stem_(std::move(stem)), optimiser_(network) {
    const auto checkpoint = file(kCheckpoint);
    if (std::filesystem::exists(checkpoint)) resume(checkpoint);
}

void Averaged::step(double rate) {
    optimiser_.step(rate);
    const torch::NoGradGuard no_gradient;
    const double share = 1 - std::min(kMeanDecay, (1.0 + next_step_) / (10.0 + next_step_));
    const auto blend = [&](const auto& own, const auto& other) {
        for (const auto& item : own)
            if (item.value().is_floating_point()) item.value().lerp_(other[item.key()], share);
    };
    blend(mean_.named_parameters(), network_.named_parameters());
    blend(mean_.named_buffers(), network_.named_buffers());
    ++next_step_;
}

std::filesystem::path Averaged::file(const char* ending) const {
    auto file = stem_;
    return file += ending;
}

void Averaged::save() const {
    model::Tensors state;
    const auto add = [&](const std::string& prefix, const model::Tensors& tensors) {
        for (const auto& [name, tensor] : tensors) state[prefix + name] = tensor;
    };
    add("network.", model::weights_of(network_, model::Storage::float32));
    add("mean.", model::weights_of(mean_, model::Storage::float32));
    add("optimiser.", optimiser_.state());
    state["next_step"] = torch::tensor({int64_t{next_step_}});
    model::write_safetensors(file(kCheckpoint), state);
    model::write_safetensors(file(".safetensors"),
                             model::weights_of(mean_, model::Storage::float16));
}

void Averaged::resume(const std::filesystem::path& checkpoint) {
    const auto state = model::read_safetensors(checkpoint);
    const auto part = [&](const std::string& prefix) {
        model::Tensors tensors;
        for (const auto& [name, tensor] : state)
            if (name.starts_with(prefix)) tensors[name.substr(prefix.size())] = tensor;
        return tensors;
    };
    model::load_weights(network_, part("network."), checkpoint);
    model::load_weights(mean_, part("mean."), checkpoint);
    optimiser_.restore(part("optimiser."));
    next_step_ = static_cast<int>(state.at("next_step").item<int64_t>());
}

}  // namespace lowkey::train
