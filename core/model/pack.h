// A model pack: a folder with manifest.json and weights whose SHA-256 the manifest states.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "face/face.h"
#include "model/lpips.h"
#include "model/recogniser.h"

namespace lowkey::model {

struct Pack {
    std::string name, licence, source;
    std::vector<std::unique_ptr<Recogniser>> recognisers;
    std::unique_ptr<Perceptual> perceptual;    // null if the pack has none
    std::unique_ptr<face::Detector> detector;  // null if the pack has none
};

// Checks every hash, then loads. Throws Error(pack) that names the file and the remedy. Networks
// are in eval mode, without parameter gradients, of the given dtype (float64 is for gradient
// checks).
Pack load_pack(const std::filesystem::path& folder, const torch::Device& device,
               torch::ScalarType dtype = torch::kFloat32);

// A person's own TorchScript recogniser, named explicitly (never loaded from a pack): input
// N x 3 x 112 x 112 RGB in [-1, 1], output N x D.
std::unique_ptr<Recogniser> load_torchscript(const std::filesystem::path& file,
                                             const torch::Device& device);

}  // namespace lowkey::model
