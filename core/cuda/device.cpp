#include "cuda/device.h"

#include <torch/cuda.h>

#include "lowkey/error.h"

namespace lowkey::cuda {
namespace {

int cuda_device_count() {
    // A driver that does not fit LibTorch's CUDA makes the query throw; the CPU still works then.
    try {
        return torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    } catch (const std::exception&) {
        return 0;
    }
}

std::string known_devices(int count) {
    if (count == 0) return "LibTorch sees no CUDA device here; use \"cpu\" or \"auto\".";
    return "Use \"auto\", \"cpu\" or \"cuda:0\"" +
           (count > 1 ? " to \"cuda:" + std::to_string(count - 1) + "\"." : std::string("."));
}

// "cuda" means the first device; otherwise the digits after "cuda:". -1: not a CUDA name.
int cuda_index(const std::string& name) {
    if (name == "cuda") return 0;
    if (name.size() < 6 || name.size() > 8 || name.compare(0, 5, "cuda:") != 0) return -1;
    int index = 0;
    for (char digit : name.substr(5)) {
        if (digit < '0' || digit > '9') return -1;
        index = index * 10 + (digit - '0');
    }
    return index;
}

}  // namespace

torch::Device choose_device(const std::string& name) {
    if (name == "cpu") return torch::kCPU;
    const int count = cuda_device_count();
    if (name == "auto" || name.empty())
        return count > 0 ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
    const int index = cuda_index(name);
    if (index < 0)
        throw Error(ErrorKind::device,
                    "There is no compute device called \"" + name + "\". " + known_devices(count));
    if (index >= count)
        throw Error(ErrorKind::device, "The compute device \"" + name + "\" is not available. " +
                                           known_devices(count));
    return torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(index));
}

std::string describe(const torch::Device& device) {
    return device.is_cuda()
               ? "CUDA device " + std::to_string(device.has_index() ? device.index() : 0)
               : "CPU";
}

}  // namespace lowkey::cuda
