#pragma once

#include <filesystem>

namespace lowkey::train {

// Makes the pack in `out` from the trained weights in `run`: float16 safetensors and a manifest
// with their hashes; the perceptual network and the detector only if they are there. Throws
// Error(pack) if a student's weights are missing or do not fit.
void assemble(const std::filesystem::path& run, const std::filesystem::path& out);

}  // namespace lowkey::train
