// A perceptual measure held at its budget by a weight that adapts.
#pragma once

namespace lowkey::cloak {

class BudgetWeight {
  public:
    explicit BudgetWeight(double budget) : budget_(budget) {}
    // Multiplies the measure over its budget in the loss.
    double weight() const { return slow_ * quick_; }
    double budget() const { return budget_; }
    // Raises the weight while the measure is over its budget, lowers it while it is under.
    void update(double measure);

  private:
    double budget_;
    double slow_ = 1, quick_ = 0.05;
};

}  // namespace lowkey::cloak
