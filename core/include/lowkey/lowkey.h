// The core's whole API: picture in, options, progress and cancel, picture and report out.
// Source of the objective: Cherepanova, Goldblum et al., "LowKey", ICLR 2021.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lowkey/error.h"
#include "lowkey/options.h"
#include "lowkey/picture.h"
#include "lowkey/progress.h"
#include "lowkey/report.h"

namespace lowkey {

struct CloakResult {
    // Same size and format as the input; untouched pixels are bit for bit the input's.
    Picture picture;
    Report report;
};

// Holds a loaded model pack. Not thread-safe: one call at a time.
class Cloaker {
  public:
    // `pack`: folder with manifest.json. Throws Error(pack) or Error(device).
    // `recognisers`: TorchScript files the person named as additional recognisers of the ensemble.
    Cloaker(const std::filesystem::path& pack, const std::string& device = "auto",
            const std::vector<std::filesystem::path>& recognisers = {});
    ~Cloaker();
    Cloaker(Cloaker&&) noexcept;
    Cloaker& operator=(Cloaker&&) noexcept;

    // Faces, largest first; ties by position, so that indices are stable.
    std::vector<Face> detect(const PictureView& picture);

    // Throws Error(no_face), Error(cancelled), Error(input), Error(memory); the input is never
    // changed.
    CloakResult cloak(const PictureView& picture, const Options& options,
                      const MaskView& selection = {}, const ProgressFunction& progress = {});

    // Compares two pictures of the same size, face by face: faces are found in `clean`.
    Report check(const PictureView& clean, const PictureView& cloaked);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Folder of the pack to use: `named` if not empty (a path or the name of an installed pack), else
// $LOWKEY_PACK, else the installed default. Throws Error(pack) that lists where it looked.
std::filesystem::path find_pack(const std::string& named = {});

struct PackSummary {
    std::string name, licence, source;
    std::filesystem::path folder;
    std::vector<std::string> recognisers;
};
std::vector<PackSummary> installed_packs();

}  // namespace lowkey
