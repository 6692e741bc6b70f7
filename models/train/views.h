// A pool of augmented views with their teachers' embeddings. Teachers cost more than a student, and
// every student may learn from every view several times: they are asked once.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/recogniser.h"
#include "train/precision.h"

namespace lowkey::train {

inline constexpr int kShardViews = 2048;

struct ViewSettings {
    std::filesystem::path crops, teachers, out;
    // A pack whose recognisers some of the views are cloaked against; empty: the teachers. Students
    // here show the next round where they are fooled and their teachers are not.
    std::filesystem::path attacked;
    double share = 0.25;                       // of the views that are cloaked
    int steps = 3;                             // at most, of a cloak
    Precision precision = Precision::float32;  // of the teachers' answers
    int first = 0, shards = 1;                 // shard numbers first .. first + shards - 1
    std::uint64_t seed = 1;
    std::string device = "auto";
};

// Writes views-NNN.safetensors for every shard that is not there yet; a shard depends on the
// settings and its number only, so several processes can share the work. Throws Error(file),
// Error(pack).
void make_views(const ViewSettings& settings);

struct ViewPool {
    torch::Tensor pixels;                   // N x 112 x 112 x 3, uint8 RGB
    std::vector<std::string> teachers;      // names
    std::vector<torch::Tensor> embeddings;  // one N x D a teacher, unit length
};

// All shards of the folder, in the order of their numbers. Throws Error(file) if there is none.
ViewPool read_views(const std::filesystem::path& folder);

// B x 3 x 112 x 112 in [0, 1].
torch::Tensor view_batch(const ViewPool& pool, const torch::Tensor& indices);

// Pictures moved by a few signed gradient steps away from their own embedding and towards a random
// one, smoothed and bounded at random (2 to 16 of 255): what cloaks look like to a network.
// pictures: B x 3 x 112 x 112 in [0, 1]; so is the result.
torch::Tensor attacked(model::Recogniser& recogniser, const torch::Tensor& pictures, int steps,
                       std::uint64_t seed);

}  // namespace lowkey::train
