// manifest.json of a model pack: what each network is, how it is fed, and the SHA-256 of its file.
// The format is described in docs/packs.md.
#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "face/alignment.h"

namespace lowkey::model {

inline constexpr int kManifestFormat = 1;

// A file of the pack, its path relative to the pack's folder.
struct PackFile {
    std::string file, sha256;
    std::string licence, source;  // empty: as the pack's
};

// Network input = (255 * x - mean) / deviation for x in [0, 1], in the stated channel order.
struct Preprocessing {
    bool bgr = false;
    std::array<double, 3> mean{127.5, 127.5, 127.5}, deviation{127.5, 127.5, 127.5};
};

// nlohmann states noexcept for the null value although its checks could throw.
struct RecogniserEntry {  // NOLINT(bugprone-exception-escape)
    std::string name;
    nlohmann::json architecture;  // "name" and that architecture's own parameters
    face::CropGeometry crop;
    Preprocessing preprocessing;
    bool mirror = false;  // embedding = f(x) + f(mirrored x)
    int period = 1;       // a cloak is made looking through it once in so many steps
    PackFile weights;
};

struct PerceptualEntry {
    std::string backbone;  // "squeeze", "alex", "vgg" or "lowkey"
    double width = 1;      // channels of the backbone relative to the published ones
    PackFile weights;
    // What the network gives is multiplied by it: a cloak grows into what a network misses, so one
    // that imitates LPIPS sees too little of it.
    double factor = 1;
};

struct DetectorEntry {
    std::string kind;  // "yunet" (an ONNX file) or "lowkey" (weights of model::FaceDetector)
    PackFile model;
};

struct Manifest {
    std::string name, licence, source;
    std::vector<RecogniserEntry> recognisers;
    std::optional<PerceptualEntry> perceptual;
    std::optional<DetectorEntry> detector;
};

// Throws Error(pack) for a missing, malformed or newer manifest and for files outside the folder.
Manifest read_manifest(const std::filesystem::path& folder);

// Throws Error(pack) naming the first file that is missing or whose SHA-256 differs.
void check_files(const std::filesystem::path& folder, const Manifest& manifest);

// Throws Error(file).
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest);

}  // namespace lowkey::model
