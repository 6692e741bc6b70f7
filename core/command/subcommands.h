// Each adds itself to the app; when it is the one called, it runs and sets `status`.
#pragma once

#include <CLI/App.hpp>

namespace lowkey::command {

void add_cloak(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_detect(CLI::App& app, int& status);
void add_models(CLI::App& app, int& status);
void add_evaluate(CLI::App& app, int& status);
void add_worker(CLI::App& app, int& status);

}  // namespace lowkey::command
