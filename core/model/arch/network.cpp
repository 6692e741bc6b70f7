#include "model/arch/network.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/linear.h>

namespace lowkey::model {
namespace {

using Make = std::shared_ptr<Network> (*)(JsonObject&, InputSize);

constexpr std::pair<const char*, Make> kArchitectures[] = {
    {"mobilefacenet", make_mobilefacenet},
    {"mobileface_v2", make_mobileface_v2},
    {"ir", make_ir},
    {"resnet", make_resnet},
    {"vit", make_vit},
    {"inception_resnet_v1", make_inception_resnet_v1},
};

}  // namespace

std::shared_ptr<Network> make_network(const nlohmann::json& architecture, InputSize input,
                                      const std::string& where) {
    JsonObject parameters(architecture, where);
    const auto name = parameters.text("name");
    for (const auto& [known, make] : kArchitectures) {
        if (name != known) continue;
        auto network = make(parameters, input);
        parameters.finish();
        return network;
    }
    parameters.fail("the architecture \"" + name + "\" is unknown");
}

void initialise(torch::nn::Module& network) {
    const torch::NoGradGuard no_grad;
    for (const auto& module : network.modules()) {
        if (auto* conv = module->as<torch::nn::Conv2d>()) {
            torch::nn::init::kaiming_normal_(conv->weight);
            if (conv->bias.defined()) conv->bias.zero_();
        } else if (auto* linear = module->as<torch::nn::Linear>()) {
            torch::nn::init::xavier_uniform_(linear->weight);
            if (linear->bias.defined()) linear->bias.zero_();
        }
    }
}

void fold(torch::nn::Module& network) {
    for (const auto& module : network.modules()) {
        if (auto* block = dynamic_cast<Block*>(module.get())) block->fold();
    }
}

void freeze(torch::nn::Module& network) {
    for (auto& parameter : network.parameters()) {
        parameter.set_requires_grad(false);
        if (parameter.dim() == 4) {
            parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
        }
    }
}

void prepare_inference(torch::nn::Module& network) {
    network.eval();
    fold(network);
    freeze(network);
}

}  // namespace lowkey::model
