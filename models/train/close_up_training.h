// Teaches the second look of the pack's face detector.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace lowkey::train {

struct CloseUpSettings {
    std::filesystem::path candidates;  // folder that make_candidates() made
    std::filesystem::path run;         // close_up.safetensors, checkpoint, log
    int steps = 6000;
    int batch = 96;
    double rate = 2e-3;
    std::uint64_t seed = 1;
    std::string device = "auto";
};

// Goes on from the checkpoint in `run`. Throws Error(file), Error(pack), Error(device).
void train_close_up(const CloseUpSettings& settings);

}  // namespace lowkey::train
