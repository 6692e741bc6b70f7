// In what numbers a network in training multiplies.
#pragma once

#include <c10/core/Device.h>

namespace lowkey::train {

enum class Precision { float32, bfloat16 };

// While it lives, convolutions and matrix products on `device` are in that precision; what is
// computed of weights in float32 gives them gradients in float32.
class PrecisionGuard {
  public:
    PrecisionGuard(Precision precision, c10::Device device);
    ~PrecisionGuard();
    PrecisionGuard(const PrecisionGuard&) = delete;
    PrecisionGuard& operator=(const PrecisionGuard&) = delete;

  private:
    bool active_;
    c10::Device device_;
    bool before_;
};

}  // namespace lowkey::train
