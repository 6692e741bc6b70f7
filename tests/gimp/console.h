// Runs a real gimp-console with the plug-in that was just built, in a profile of its own.
#pragma once

#include <filesystem>
#include <string>

namespace lowkey::testing {

struct ConsoleRun {
    bool finished = false;  // within its time, by itself and without an error
    std::string output;     // everything it printed
    int exit_status = -1;
    bool failed() const { return output.find("xecution error") != std::string::npos; }
};

struct Environment {
    std::string command = LOWKEY_TEST_COMMAND;  // $LOWKEY_COMMAND for the plug-in
    std::string pack = LOWKEY_TEST_PACK;        // $LOWKEY_PACK
    std::string plugins = LOWKEY_PLUGIN;        // the folder that has lowkey/lowkey in it
};

// `arguments` use $SCRIPT.
ConsoleRun run_console(const std::string& script, const std::string& arguments,
                       const Environment& environment);

// The rest is spelt for each version of GIMP in a file of its own.

// `script`: Scheme, run as one batch command.
ConsoleRun run_gimp(const std::string& script, const Environment& environment = {});

// Scheme that opens the file as `image` with its layer `layer`, runs `body`, and saves the layer.
std::string on_file(const std::filesystem::path& in, const std::string& body,
                    const std::filesystem::path& out);

// A quoted Scheme string.
std::string quoted(const std::string& text);

struct Call {
    int strength = -1, iterations = 3;
    std::string preset = "balanced";
    int seed = 1;
    std::string faces, region;
};
// (plug-in-lowkey RUN-NONINTERACTIVE image layer …)
std::string cloak(const Call& call = {});

}  // namespace lowkey::testing
