#include "console.h"

#include <glib.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace lowkey::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kLimitSeconds = 280;

fs::path profile(const std::string& plugins) {
    const fs::path folder = fs::path(LOWKEY_TEST_FOLDER) / "profile";
    // Without these GIMP complains at each end that it cannot save what it did not change.
    for (const char* data :
         {"brushes", "dynamics", "gradients", "palettes", "patterns", "tool-presets"}) {
        fs::create_directories(folder / data);
    }
    std::ofstream(folder / "gimprc")
        << "(plug-in-path \"" LOWKEY_GIMP_PLUGINS ":" << plugins << "\")\n";
    return folder;
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

ConsoleRun run_console(const std::string& script, const std::string& arguments,
                       const Environment& environment) {
    g_setenv(LOWKEY_GIMP_PROFILE, profile(environment.plugins).c_str(), TRUE);
    g_setenv("LOWKEY_COMMAND", environment.command.c_str(), TRUE);
    g_setenv("LOWKEY_PACK", environment.pack.c_str(), TRUE);
    g_unsetenv("DISPLAY");  // batch needs no screen
    const fs::path log = fs::path(LOWKEY_TEST_FOLDER) / "console.log";
    const std::string command = "timeout " + std::to_string(kLimitSeconds) +
                                " " LOWKEY_GIMP_CONSOLE " -i -d -f " + arguments + " > '" +
                                log.string() + "' 2>&1 < /dev/null";
    g_setenv("SCRIPT", script.c_str(), TRUE);
    const int status = std::system(command.c_str());
    return {status == 0, text_of(log), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

std::string quoted(const std::string& text) {
    std::string made = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') made += '\\';
        made += c;
    }
    return made + "\"";
}

}  // namespace lowkey::testing
