// A network in training beside the running mean of its weights, which is what is kept for use.
#pragma once

#include <filesystem>

#include "train/optimiser.h"

namespace lowkey::train {

class Averaged {
  public:
    // Borrows two networks of one kind, each held by a shared_ptr as LibTorch wants, and goes on
    // from STEM.checkpoint.safetensors if there is one. Throws Error(pack) if it is damaged.
    Averaged(torch::nn::Module& network, torch::nn::Module& mean, std::filesystem::path stem);
    // A step from the gradients; the mean follows.
    void step(double rate);
    int next_step() const { return next_step_; }
    // Writes the checkpoint, and the mean as STEM.safetensors in half precision. Throws
    // Error(file).
    void save() const;

  private:
    std::filesystem::path file(const char* ending) const;
    void resume(const std::filesystem::path& checkpoint);

    torch::nn::Module &network_, &mean_;
    std::filesystem::path stem_;
    Optimiser optimiser_;
    int next_step_ = 0;
};

}  // namespace lowkey::train
