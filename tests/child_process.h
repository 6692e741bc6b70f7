// Limits and users last for a whole process, so what changes them runs in a child.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace lowkey::testing {

// True if `body` returned true.
inline bool in_child(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body() ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The same without root's rights, which are to read and write anywhere.
inline bool as_ordinary_user(const std::function<bool()>& body) {
    return in_child([&] { return (::geteuid() != 0 || ::setuid(65534) == 0) && body(); });
}

}  // namespace lowkey::testing
