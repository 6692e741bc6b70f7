// The face detector of a pack.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <memory>

#include "face/heads.h"
#include "model/arch/face_detector.h"
#include "model/manifest.h"

namespace lowkey::model {

// On 150 photos of training people 0.7 finds 97 % of the faces with 0.06 false boxes a photo, 0.8
// 96 % with 0.01. Parts of photos have no such set; they get a tenth more, as false boxes come by
// the tile.
inline constexpr face::ScoreLimits kDetectorLimits{0.7F, 0.8F};

// The network as the common detector asks it, in squares of 640 pixels. `network` is used as it
// is, in eval mode, on the device where it lies.
std::unique_ptr<face::HeadNetwork> make_heads(std::shared_ptr<FaceDetector> network);

// Our own network from its weights, on the device. Throws Error(pack) that names the file.
std::unique_ptr<face::Detector> load_detector(const std::filesystem::path& weights,
                                              face::ScoreLimits limits,
                                              const torch::Device& device);

// Of whatever kind the entry says. Throws Error(pack) that names the file.
std::unique_ptr<face::Detector> load_detector(const std::filesystem::path& folder,
                                              const DetectorEntry& entry,
                                              const torch::Device& device);

}  // namespace lowkey::model
