// Packs out of the third-party networks of ../shared/models, for tests and measurements only: their
// terms do not allow redistribution.
#pragma once

#include <filesystem>

#include "model/weights.h"

namespace lowkey::convert {

// Four recognisers, LPIPS on SqueezeNet and YuNet. `out` is made if needed. Throws Error(file).
void convert_pack(const std::filesystem::path& shared_models, const std::filesystem::path& out,
                  model::Storage storage);

}  // namespace lowkey::convert
