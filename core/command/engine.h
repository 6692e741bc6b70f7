// The options with which every subcommand loads the core.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "lowkey/lowkey.h"

namespace lowkey::command {

struct EngineOptions {
    std::string pack;
    std::string device = "auto";
    std::vector<std::filesystem::path> recognisers;
    int threads = 0;  // 0: as many as there are cores
};

void add_engine_options(CLI::App& app, EngineOptions& options);

// Throws Error(pack) or Error(device).
Cloaker load(const EngineOptions& options);

}  // namespace lowkey::command
