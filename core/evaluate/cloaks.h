// The cloaked photos of one setting, kept in a folder so that a run can go on where it stopped and
// people can look at them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/people.h"
#include "lowkey/options.h"
#include "lowkey/progress.h"
#include "lowkey/report.h"

namespace lowkey::evaluate {

struct Setting {
    std::string ensemble;        // part of the folder's name
    std::filesystem::path pack;  // that cloaks are made with
    Options options;             // preset, strength, iterations, seed, device
};

// "ENSEMBLE-PRESET-strength50-iterations60-seed1"
std::string folder_name(const Setting& setting);

struct CloakedPhoto {
    std::filesystem::path picture;  // PNG
    FaceReport face;
    double processor_seconds = 0;  // of all threads, faces found included
};

// Every n-th subject only, from the `index`-th (0-based) on, so that processes can share the work.
struct Shard {
    std::size_t index = 0, count = 1;
};

// Called before and during each photo; returning false throws Error(cancelled).
struct PhotoProgress {
    std::size_t photo;
    const std::string& person;
    Progress step;
};
using PhotoProgressFunction = std::function<bool(const PhotoProgress&)>;

// Cloaks the most central face of each subject's first photo, one entry a subject; those that lie
// in the folder already, of this very photo, are only read. Nothing where no face was found or the
// photo could not be read, and for subjects of other shards that are not there yet. Throws
// Error(input) if the folder holds photos of another pack, of other people or by another build of
// this program (the last is accepted with `any_build`), Error(file).
std::vector<std::optional<CloakedPhoto>> cloak_photos(const Setting& setting,
                                                      const std::filesystem::path& folder,
                                                      const std::vector<Person>& subjects,
                                                      const Shard& shard, bool any_build,
                                                      const PhotoProgressFunction& progress);

}  // namespace lowkey::evaluate
