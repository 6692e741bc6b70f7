// What the process's exit status says; the same words stand in --help.
#pragma once

#include <exception>

#include "lowkey/error.h"

namespace lowkey::command {

enum ExitStatus {
    kDone = 0,
    kFailed = 1,  // some or all files
    kWrongUsage = 2,
    kNoEngine = 3,     // the model pack or the device cannot be used
    kCancelled = 130,  // as shells report an interrupt
};

inline constexpr const char* kExitStatusHelp =
    "Exit status:\n"
    "  0    all done\n"
    "  1    some or all files failed; the rest are done\n"
    "  2    wrong usage\n"
    "  3    the model pack or the device cannot be used\n"
    "  130  cancelled (Ctrl-C); nothing is left half written\n";

ExitStatus status_of(const Error& error);

// Prints the problem to stderr as this command's one line.
void complain(const std::exception& problem);

}  // namespace lowkey::command
