// Teaches a small network the distances that LPIPS gives.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "model/lpips_network.h"
#include "train/hints.h"
#include "train/optimiser.h"

namespace lowkey::train {

// The student's backbone and width, as the pack's manifest states them.
inline constexpr const char* kPerceptualBackbone = "lowkey";
inline constexpr double kPerceptualWidth = 1;
// Of LPIPS in a finished cloak over what the student gives (docs/results.md).
inline constexpr double kPerceptualFactor = 1.5;

struct PerceptualSettings {
    std::filesystem::path crops, teachers, run;  // `run` holds the checkpoint and log.jsonl
    int steps = 4000;
    std::uint64_t seed = 1;
    std::string device = "auto";
};

// Goes on from the checkpoint in `run`. `teachers` is a pack with LPIPS and with recognisers,
// against which cloaks are made while training: what an optimiser finds where the student errs. Of
// training people only. Throws Error(file), Error(pack), Error(device).
void train_perceptual(const PerceptualSettings& settings);

// The LPIPS network of a pack, to look into; eval mode, no gradients of its parameters. Throws
// Error(pack).
std::shared_ptr<model::LpipsNetwork> load_lpips(const std::filesystem::path& pack,
                                                const torch::Device& device);
// The student's, from its weights file. Throws Error(pack).
std::shared_ptr<model::LpipsNetwork> load_student_lpips(const std::filesystem::path& weights,
                                                        const torch::Device& device);

// Where pairs differ, N x h x w for each grid.
std::vector<torch::Tensor> difference_maps(const Seen& seen);
// N distances.
torch::Tensor distances(const std::vector<torch::Tensor>& maps);

// Scalar: squared difference of log distances, plus that of the roots of the maps as shares of the
// distance. Logarithms, because cloaks live where LPIPS is small.
torch::Tensor perceptual_loss(const std::vector<torch::Tensor>& student,
                              const std::vector<torch::Tensor>& teacher);

// Scales the linear maps so that each grid's mean is the teacher's on these pairs: a start.
void match_scale(model::LpipsNetwork& student, model::LpipsNetwork& teacher, const Pairs& pairs);

// A student and its hints, which learn together. `pairs`: any, of the size of those to come.
struct Pupil : torch::nn::Module {
    Pupil(std::shared_ptr<model::LpipsNetwork> network, model::LpipsNetwork& teacher,
          const Pairs& pairs);

    std::shared_ptr<model::LpipsNetwork> student;
    std::shared_ptr<Hints> hints;
};

struct Losses {
    double distance;               // perceptual_loss()
    double differences, features;  // shares that the hints leave unexplained
};
// Adds the gradient of their sum to the pupil's parameters.
Losses add_gradient(Pupil& pupil, model::LpipsNetwork& teacher, const Pairs& pairs);

}  // namespace lowkey::train
