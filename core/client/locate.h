// Where the `lowkey` command is.
#pragma once

#include <string>

namespace lowkey::client {

// `named` if not empty, else $LOWKEY_COMMAND, else the per-user places, the system's and PATH.
// Throws Error(worker) that lists where it looked and says how to install.
std::string find_command(const std::string& named);

// Size and time of the command that computes now, since its version says nothing between releases.
// Empty if there is none.
std::string program_mark(const std::string& named);

}  // namespace lowkey::client
