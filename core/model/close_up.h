// The network that looks at faces a second time, as the detector asks it.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "face/close_up.h"
#include "model/arch/close_up.h"

namespace lowkey::model {

// Answers (N x 15) about the mirrored pictures from answers about the pictures, and back.
torch::Tensor mirror_close_up(const torch::Tensor& answers);

// `network` is used as it is, in eval mode, on the device where it lies.
std::unique_ptr<face::CloseUpLook> make_look(std::shared_ptr<CloseUpNetwork> network);

}  // namespace lowkey::model
