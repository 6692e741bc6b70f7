#include "train/precision.h"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace lowkey::train {
namespace {

// LibTorch 2.4 gave all devices the same calls.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
bool casts_on(c10::Device device) {
    return at::autocast::is_autocast_enabled(device.type());
}
void cast_on(c10::Device device, bool enabled) {
    at::autocast::set_autocast_dtype(device.type(), at::kBFloat16);
    at::autocast::set_autocast_enabled(device.type(), enabled);
}
#else
bool casts_on(c10::Device device) {
    return device.is_cuda() ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}
void cast_on(c10::Device device, bool enabled) {
    if (device.is_cuda()) {
        at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
        at::autocast::set_enabled(enabled);
    } else {
        at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
        at::autocast::set_cpu_enabled(enabled);
    }
}
#endif

}  // namespace

PrecisionGuard::PrecisionGuard(Precision precision, c10::Device device)
    : active_(precision == Precision::bfloat16), device_(device), before_(casts_on(device)) {
    if (active_) cast_on(device_, true);
}

PrecisionGuard::~PrecisionGuard() {
    if (!active_) return;
    cast_on(device_, before_);
    at::autocast::clear_cache();  // of cast weights, which the next step changes
}

}  // namespace lowkey::train
