// A recogniser whose embeddings are no numbers is refused when it is loaded.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>

#include "lowkey/error.h"

namespace lowkey::model {

// `embedding` of any picture by the recogniser in `file`. Throws Error(pack), which ends with
// `remedy`, if it is not finite: such a network would stop a cloak without a word.
inline void check_finite(const torch::Tensor& embedding, const std::filesystem::path& file,
                         const std::string& remedy) {
    if (torch::isfinite(embedding).all().item<bool>()) return;
    throw Error(ErrorKind::pack, "The recogniser " + file.string() +
                                     " answers with values that are not finite numbers, so it "
                                     "tells no faces apart. " +
                                     remedy);
}

}  // namespace lowkey::model
