// A network in training beside the running mean of its weights, which is what is kept for use.
#pragma once

#include <filesystem>

#include "train/optimiser.h"

namespace lowkey::train {

class Averaged {
  public:
    // Borrows two networks of one kind, each held by a shared_ptr as LibTorch wants.
    Averaged(torch::nn::Module& network, torch::nn::Module& mean);
    // A step of AdamW from the gradients; the mean follows.
    void step(double rate);
    int next_step() const { return next_step_; }
    // Throws Error(file).
    void save(const std::filesystem::path& checkpoint) const;
    // Goes on from a checkpoint if there is one. Throws Error(pack) if it is damaged.
    void resume(const std::filesystem::path& checkpoint);

  private:
    torch::nn::Module &network_, &mean_;
    AdamW optimiser_;
    int next_step_ = 0;
};

}  // namespace lowkey::train
