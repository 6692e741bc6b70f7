// The options that say how to cloak, the same words in every subcommand that does.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "lowkey/options.h"

namespace lowkey::command {

struct RecipeOptions {
    std::string preset = "balanced";
    std::optional<int> strength, iterations;
    std::uint64_t seed = 1;
};

void add_recipe_options(CLI::App& app, RecipeOptions& recipe);

Options options_of(const RecipeOptions& recipe);

}  // namespace lowkey::command
