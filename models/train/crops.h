// Aligned face crops of a folder of people, made once and kept in one file.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace lowkey::train {

// The 112x112 template with a margin on each side, so that jittered views see no border.
inline constexpr int kMargin = 16;
inline constexpr int kCropSize = 112 + 2 * kMargin;

struct Crops {
    torch::Tensor pixels;             // N x 144 x 144 x 3, uint8 RGB
    std::vector<std::string> people;  // N names, sorted; a person's crops stand together
};

// Finds the most central face of every photo PEOPLE/NAME/* and writes crops.bin and crops.json.
// Throws Error(file) or Error(pack).
void prepare_crops(const std::filesystem::path& people, const std::filesystem::path& detector,
                   const std::filesystem::path& out);

// Throws Error(file) if the two files do not belong together.
Crops read_crops(const std::filesystem::path& folder);

// Indices of the crops of training people, or of validation people (evaluate/people.h).
std::vector<int64_t> part(const Crops& crops, bool validation);

// Unchanged 112x112 crops, B x 3 x 112 x 112 RGB in [0, 1].
torch::Tensor plain_batch(const Crops& crops, const std::vector<int64_t>& indices);

}  // namespace lowkey::train
