// Teaches the pack's face detector on scenes made of labelled photos.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace lowkey::train {

struct DetectorSettings {
    std::filesystem::path people, labels;  // photos, and the folder that label_photos() made
    std::filesystem::path run;             // detector.safetensors, checkpoint, log.jsonl
    int steps = 3000;
    int batch = 16;  // squares of 256 pixels a step, or about as many pixels in other sizes
    double rate = 3e-3;
    std::uint64_t seed = 1;
    std::string device = "auto";
};

// Goes on from the checkpoint in `run`. What is kept for use is a running mean of the weights.
// Throws Error(file), Error(pack), Error(device).
void train_detector(const DetectorSettings& settings);

}  // namespace lowkey::train
