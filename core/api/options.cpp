#include "lowkey/options.h"

#include <string>

#include "lowkey/error.h"

namespace lowkey {
namespace {

// The one table of what a preset means; every host shows these names and numbers.
constexpr struct {
    Preset preset;
    PresetDefaults defaults;
} kTable[] = {
    {Preset::light, {"light", "Light", 25, 40}},
    {Preset::balanced, {"balanced", "Balanced", 50, 128}},
    {Preset::strong, {"strong", "Strong", 80, 112}},
    {Preset::paper, {"paper", "As published (2021)", 50, 50}},
};

void check_range(const char* name, int value, int low, int high) {
    if (value >= low && value <= high) return;
    throw Error(ErrorKind::input, std::string(name) + " is " + std::to_string(value) +
                                      "; choose a number from " + std::to_string(low) + " to " +
                                      std::to_string(high) + ".");
}

bool names_a_device(std::string_view device) {
    if (device == "auto" || device == "cpu" || device == "cuda") return true;
    constexpr std::string_view prefix = "cuda:";
    return device.starts_with(prefix) && device.size() > prefix.size() &&
           device.size() <= prefix.size() + 3 &&
           device.find_first_not_of("0123456789", prefix.size()) == std::string_view::npos;
}

}  // namespace

const PresetDefaults& preset_defaults(Preset preset) {
    for (const auto& row : kTable)
        if (row.preset == preset) return row.defaults;
    throw Error(ErrorKind::input,
                "The preset is unknown; choose light, balanced, strong or paper.");
}

std::optional<Preset> parse_preset(std::string_view name) {
    for (const auto& row : kTable)
        if (row.defaults.name == name) return row.preset;
    return std::nullopt;
}

int effective_strength(const Options& options) {
    return options.strength.value_or(preset_defaults(options.preset).strength);
}

int effective_iterations(const Options& options) {
    return options.iterations.value_or(preset_defaults(options.preset).iterations);
}

void validate(const Options& options) {
    check_range("Strength", effective_strength(options), kMinStrength, kMaxStrength);
    check_range("The number of iterations", effective_iterations(options), kMinIterations,
                kMaxIterations);
    for (const int face : options.faces)
        if (face < 0)
            throw Error(ErrorKind::input, "Face " + std::to_string(face) +
                                              " does not exist; faces are counted from 0.");
    if (options.region && (options.region->width <= 0 || options.region->height <= 0))
        throw Error(ErrorKind::input,
                    "The region is empty; give it a width and a height of at least 1 pixel.");
    if (!names_a_device(options.device))
        throw Error(ErrorKind::input,
                    "The device “" + options.device +
                        "” is unknown; choose auto, cpu, cuda or cuda:N, as in cuda:0.");
}

std::string_view honest_notice() {
    return "Cloaking lowers the odds of being recognised; it guarantees nothing. Clean photos of "
           "you that are "
           "already in a database still match, and recognisers trained later may see through it.";
}

}  // namespace lowkey
