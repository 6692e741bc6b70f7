// The whole work in two commands: data, then everything that is trained on it.
#pragma once

#include <filesystem>
#include <string>

#include "train/precision.h"

namespace lowkey::train {

struct Whole {
    std::filesystem::path people;    // photos, PEOPLE/NAME/*.jpg
    std::filesystem::path teachers;  // pack with recognisers and LPIPS
    std::filesystem::path work;      // crops, views, labels, checkpoints and logs
    std::string device = "auto";
    Precision precision = Precision::float32;  // of the students, and of what their teachers say
};

// Crops, the first views and the detector's labels, with the YuNet file as the teacher of faces.
// What is there already is kept. Throws Error(file), Error(pack).
void prepare(const Whole& whole, const std::filesystem::path& yunet);

// Students (from half of their schedule on with views that are cloaked against themselves), the
// perceptual network and the detector, from seed 1; goes on from the checkpoints in `work`. Makes
// the pack in `out`. Throws Error(file), Error(pack), Error(device).
void train_whole(const Whole& whole, const std::filesystem::path& out);

}  // namespace lowkey::train
