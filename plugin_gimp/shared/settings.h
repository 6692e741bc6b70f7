// What a person chose for one run, from a dialog or from a script, before it becomes
// lowkey::Options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lowkey/options.h"

namespace lowkey::gimp {

struct Settings {
    Preset preset = Preset::balanced;
    std::optional<int> strength;    // unset: the preset's
    std::optional<int> iterations;  // unset: the preset's
    std::uint64_t seed = 1;
    std::vector<int> faces;      // empty: all
    std::optional<Rect> region;  // pixels of the layer
    bool operator==(const Settings&) const = default;
};

// The procedure's arguments as both GIMPs declare them.
struct Arguments {
    int strength = -1;   // -1: the preset's
    int iterations = 0;  // 0: the preset's
    std::string preset = "balanced";
    int seed = 1;
    std::string faces;   // "" or "0,2"
    std::string region;  // "" or "x,y,width,height"
};

// Throws Error(input) that names the argument and shows its form.
Settings parse(const Arguments& arguments);

Options to_options(const Settings& settings);

}  // namespace lowkey::gimp
