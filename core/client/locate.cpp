#include "client/locate.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <memory>
#include <vector>

#include "lowkey/error.h"

namespace lowkey::client {
namespace {

bool is_command(const std::string& path) {
    return g_file_test(path.c_str(), G_FILE_TEST_IS_EXECUTABLE) &&
           !g_file_test(path.c_str(), G_FILE_TEST_IS_DIR);
}

std::string only(const std::string& path, const std::string& named_by) {
    if (is_command(path)) return path;
    throw Error(ErrorKind::worker, named_by + " names “" + path +
                                       "”, which is not a program that can be run. Correct it, or "
                                       "leave it empty to use the installed lowkey command.");
}

}  // namespace

std::string find_command(const std::string& named) {
    if (!named.empty()) return only(named, "The setting");
    if (const char* variable = g_getenv("LOWKEY_COMMAND"); variable != nullptr && *variable != '\0')
        return only(variable, "LOWKEY_COMMAND");

    // An editor started from a menu often has no ~/.local/bin in its PATH.
    const std::vector<std::string> places = {
        std::string(g_get_home_dir()) + "/.local/bin/lowkey",
        std::string(g_get_user_data_dir()) + "/lowkey/bin/lowkey", "/usr/local/bin/lowkey",
        "/usr/bin/lowkey"};
    std::string looked;
    for (const std::string& place : places) {
        if (is_command(place)) return place;
        looked += place + ", ";
    }
    const std::unique_ptr<char, decltype(&g_free)> on_path(g_find_program_in_path("lowkey"),
                                                           g_free);
    if (on_path) return on_path.get();
    throw Error(
        ErrorKind::worker,
        "The lowkey command, which does the work, was not found. Install LowKey as its README "
        "says, or set LOWKEY_COMMAND to the command's path. Looked at " +
            looked + "and in PATH.");
}

std::string program_mark(const std::string& named) {
    try {
        GStatBuf file;
        if (g_stat(find_command(named).c_str(), &file) != 0) return {};
        return std::to_string(file.st_size) + " " + std::to_string(file.st_mtime);
    } catch (const Error&) {
        return {};
    }
}

}  // namespace lowkey::client
