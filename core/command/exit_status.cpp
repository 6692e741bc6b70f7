#include "command/exit_status.h"

#include <cstdio>

namespace lowkey::command {

ExitStatus status_of(const Error& error) {
    switch (error.kind) {
        case ErrorKind::pack:
        case ErrorKind::device:
            return kNoEngine;
        case ErrorKind::cancelled:
            return kCancelled;
        default:
            return kFailed;
    }
}

void complain(const std::exception& problem) {
    std::fprintf(stderr, "lowkey: %s\n", problem.what());
}

}  // namespace lowkey::command
