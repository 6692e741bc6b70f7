// A tiny pack of seeded random networks, for tests on machines without ../shared.
#pragma once

#include <cstdint>
#include <filesystem>

namespace lowkey::convert {

// Two small MobileFaceNets of different width, a small ViT and LPIPS on a narrow SqueezeNet; no
// detector. It recognises nobody, but has the shapes, gradients and speed of a real one.
void random_pack(const std::filesystem::path& out, std::uint64_t seed);

}  // namespace lowkey::convert
