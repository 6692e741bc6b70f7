// What a person can choose, with the ranges, defaults and words that every host shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lowkey/picture.h"

namespace lowkey {

// `paper` is the published recipe with its constants (method: LowKey, ICLR 2021).
enum class Preset : std::uint8_t { light, balanced, strong, paper };

inline constexpr int kMinStrength = 0, kMaxStrength = 100;
inline constexpr int kMinIterations = 1, kMaxIterations = 500;

struct PresetDefaults {
    std::string_view name;   // as typed on a command line: "balanced"
    std::string_view label;  // as shown in a dialog: "Balanced"
    int strength;            // 0..100
    int iterations;
};
const PresetDefaults& preset_defaults(Preset preset);
std::optional<Preset> parse_preset(std::string_view name);
inline constexpr Preset kPresets[] = {Preset::light, Preset::balanced, Preset::strong,
                                      Preset::paper};

struct Options {
    Preset preset = Preset::balanced;
    std::optional<int> strength;    // 0..100; unset: the preset's
    std::optional<int> iterations;  // 1..500; unset: the preset's
    std::uint64_t seed = 1;         // same seed, picture, pack and machine: same pixels
    std::vector<int> faces;         // indices as detect() orders them; empty: all faces
    // Only faces whose centre is inside; none found there: the region is the face box.
    std::optional<Rect> region;
    std::string device = "auto";  // "auto", "cpu", "cuda", "cuda:N"
};

int effective_strength(const Options& options);
int effective_iterations(const Options& options);

// Throws Error(input) naming the option that is out of range.
void validate(const Options& options);

// The line every dialog and report shows on what a cloak cannot promise.
std::string_view honest_notice();

}  // namespace lowkey
