// The face detector of a pack.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <memory>

#include "face/heads.h"
#include "model/arch/face_detector.h"
#include "model/manifest.h"
#include "model/safetensors.h"

namespace lowkey::model {

// Without a second look the detector itself must be sure. On 150 photos of training people 0.7
// finds 97 % of the faces with 0.06 false boxes a photo, 0.8 96 % with 0.01. Parts of photos have
// no such set; they get a tenth more, as false boxes come by the tile. With a second look it may
// doubt.
struct DetectorLimits {
    face::ScoreLimits alone{0.7F, 0.8F}, first{0.15F, 0.3F};
    // On 250 photos of training people 0.6 finds 99 % then, with 0.03 false boxes a photo.
    face::ScoreLimits close_up{0.6F, 0.7F};
};

// The tensors of a detector's file: of the network that looks at photos, and of the one that looks
// at each face again (none in files of older packs).
struct DetectorWeights {
    Tensors first, close_up;
};
DetectorWeights split_detector(Tensors tensors);
Tensors join_detector(const DetectorWeights& parts);

// The network as the common detector asks it, in squares of 640 pixels. `network` is used as it
// is, in eval mode, on the device where it lies.
std::unique_ptr<face::HeadNetwork> make_heads(std::shared_ptr<FaceDetector> network);

// Our own networks. Throws Error(pack) that names the file.
std::unique_ptr<face::Detector> make_detector(DetectorWeights parts, const DetectorLimits& limits,
                                              const torch::Device& device,
                                              const std::filesystem::path& file);

// Our own networks from their weights, on the device. Throws Error(pack) that names the file.
std::unique_ptr<face::Detector> load_detector(const std::filesystem::path& weights,
                                              const DetectorLimits& limits,
                                              const torch::Device& device);

// Of whatever kind the entry says. Throws Error(pack) that names the file.
std::unique_ptr<face::Detector> load_detector(const std::filesystem::path& folder,
                                              const DetectorEntry& entry,
                                              const torch::Device& device);

}  // namespace lowkey::model
