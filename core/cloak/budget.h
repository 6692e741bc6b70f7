// A perceptual measure held at its budget by a weight that adapts.
#pragma once

namespace lowkey::cloak {

class BudgetWeight {
  public:
    explicit BudgetWeight(double budget, double start = 1) : budget_(budget), weight_(start) {}
    // Multiplies the measure over its budget in the loss.
    double weight() const { return weight_; }
    double budget() const { return budget_; }
    // Raises the weight while the measure is over its budget, lowers it while it is under.
    void update(double measure);

  private:
    double budget_, weight_;
};

}  // namespace lowkey::cloak
