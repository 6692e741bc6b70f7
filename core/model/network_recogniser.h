// A Network with its preprocessing, as a Recogniser.
#pragma once

#include "model/arch/network.h"
#include "model/manifest.h"
#include "model/recogniser.h"

namespace lowkey::model {

// The network is put into eval mode, its convolutions are folded, its parameters take no gradient.
std::unique_ptr<Recogniser> make_recogniser(const RecogniserEntry& entry,
                                            std::shared_ptr<Network> network);

}  // namespace lowkey::model
