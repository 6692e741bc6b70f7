// Face networks by the name that a manifest gives them, to use or to train.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "model/arch/block.h"
#include "model/json_object.h"

namespace lowkey::model {

struct InputSize {
    int width = 112, height = 112;
};

// Preprocessed pictures N x 3 x height x width in, embeddings N x D out (not normalised).
class Network : public Block {
  public:
    virtual torch::Tensor forward(const torch::Tensor& x) = 0;
};

// `architecture`: "name" and that architecture's parameters, see docs/packs.md. In train mode, with
// the weights of LibTorch's own initialisation. Throws Error(pack) that starts with `where`.
std::shared_ptr<Network> make_network(const nlohmann::json& architecture, InputSize input,
                                      const std::string& where = "The architecture");

// Weights to start training from: He et al., ICCV 2015 (fan in) for convolutions, Xavier for linear
// layers. Draws from torch's generator.
void initialise(torch::nn::Module& network);

// Merges every convolution with its batch normalisation; for networks in eval mode.
void fold(torch::nn::Module& network);

// No gradients of parameters, kernels in the order of memory that is fastest.
void freeze(torch::nn::Module& network);

// Makes a trained network ready for use: eval mode, folded, frozen.
void prepare_inference(torch::nn::Module& network);

// One function an architecture, in the file of its name; each reads its own parameters.
std::shared_ptr<Network> make_mobilefacenet(JsonObject& parameters, InputSize input);
std::shared_ptr<Network> make_mobileface_v2(JsonObject& parameters, InputSize input);
std::shared_ptr<Network> make_ir(JsonObject& parameters, InputSize input);
std::shared_ptr<Network> make_resnet(JsonObject& parameters, InputSize input);
std::shared_ptr<Network> make_vit(JsonObject& parameters, InputSize input);
std::shared_ptr<Network> make_inception_resnet_v1(JsonObject& parameters, InputSize input);

}  // namespace lowkey::model
