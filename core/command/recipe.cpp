#include "command/recipe.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace lowkey::command {

void add_recipe_options(CLI::App& app, RecipeOptions& recipe) {
    std::vector<std::string> presets;
    for (const Preset preset : kPresets) presets.emplace_back(preset_defaults(preset).name);
    app.add_option("--preset", recipe.preset, "How strongly to cloak")
        ->check(CLI::IsMember(presets))
        ->capture_default_str();
    app.add_option("--strength", recipe.strength, "0 to 100; default: the preset's")
        ->type_name("N")
        ->check(CLI::Range(kMinStrength, kMaxStrength));
    app.add_option("--iterations", recipe.iterations, "1 to 500; default: the preset's")
        ->type_name("N")
        ->check(CLI::Range(kMinIterations, kMaxIterations));
    app.add_option("--seed", recipe.seed, "Same seed, same pixels on the same machine")
        ->type_name("N")
        ->capture_default_str();
}

Options options_of(const RecipeOptions& recipe) {
    Options options;
    options.preset = parse_preset(recipe.preset).value();
    options.strength = recipe.strength;
    options.iterations = recipe.iterations;
    options.seed = recipe.seed;
    return options;
}

}  // namespace lowkey::command
