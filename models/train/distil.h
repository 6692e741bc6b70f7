// Teaches the students: each learns its target's embedding of a pool of views.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "train/precision.h"

namespace lowkey::train {

struct DistilSettings {
    std::filesystem::path crops, views, run;  // `run` holds checkpoints, weights and log.jsonl
    std::vector<std::string> students;        // by name; empty: all of student_plans()
    // A pack whose recognisers, which may be smaller, to begin with; empty: none.
    std::filesystem::path from;
    bool shorten = false;                      // leave out blocks of `from` that the students lack
    Precision precision = Precision::float32;  // weights and the loss stay float32
    double rate = 1;                           // times each student's own peak learning rate
    int steps = 7900;
    int until = 0;  // stop after this step of the schedule, for new views; 0: at its end
    int batch = 64;
    std::uint64_t seed = 1;
    std::string device = "auto";
};

// Goes on from the newest checkpoints in `run`, without any from the pack `from`; Error(input)
// where the students stand at different steps. Loss of a student: 1 - cos(student, target), plus
// the squared difference of the two cosine matrices within the batch (relational distillation, Park
// et al., CVPR 2019). Throws Error(file), Error(pack), Error(device).
void distil(const DistilSettings& settings);

}  // namespace lowkey::train
