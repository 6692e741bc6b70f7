#include "model/weights.h"

#include "lowkey/error.h"

namespace lowkey::model {
namespace {

// Running variances span more than float16 can hold.
bool is_statistic(const std::string& name) {
    return name.ends_with("running_mean") || name.ends_with("running_var");
}

// A counter of training steps; published files have it, eval mode does not need it.
bool is_counter(const std::string& name) {
    return name.ends_with("num_batches_tracked");
}

template <typename Visit>
void for_each_tensor(const torch::nn::Module& network, const Visit& visit) {
    for (const auto& item : network.named_parameters()) visit(item.key(), item.value());
    for (const auto& item : network.named_buffers()) {
        if (!is_counter(item.key())) visit(item.key(), item.value());
    }
}

}  // namespace

void load_weights(torch::nn::Module& network, Tensors tensors, const std::filesystem::path& file) {
    const torch::NoGradGuard no_grad;
    const auto misfit = [&](const std::string& what) {
        throw Error(ErrorKind::pack, "The weights file " + file.string() +
                                         " does not fit its architecture in the manifest: " + what +
                                         ". Install the model pack again.");
    };
    for_each_tensor(network, [&](const std::string& name, const torch::Tensor& parameter) {
        const auto found = tensors.find(name);
        if (found == tensors.end()) misfit("the tensor \"" + name + "\" is missing");
        if (found->second.sizes() != parameter.sizes()) {
            misfit("the tensor \"" + name + "\" has another shape");
        }
        auto target = parameter;
        target.copy_(found->second);
        if (!torch::isfinite(target).all().item<bool>()) {
            misfit("the tensor \"" + name + "\" holds values that are not finite numbers");
        }
        tensors.erase(found);
    });
    for (const auto& [name, tensor] : tensors) {
        if (!is_counter(name)) misfit("the tensor \"" + name + "\" belongs to no layer");
    }
}

Tensors weights_of(const torch::nn::Module& network, Storage storage) {
    Tensors tensors;
    for_each_tensor(network, [&](const std::string& name, const torch::Tensor& parameter) {
        auto tensor = parameter.detach().to(torch::kCPU, torch::kFloat32);
        constexpr double kHalfMax = 65504;
        if (storage == Storage::float16 && !is_statistic(name) &&
            tensor.abs().max().item<double>() <= kHalfMax) {
            tensor = tensor.to(torch::kFloat16);
        }
        tensors.emplace(name, tensor.contiguous());
    });
    return tensors;
}

}  // namespace lowkey::model
