// `lowkey worker`: serves one client over stdin and stdout until its input closes or it has idled.
//
//   lowkey worker [--pack NAME|FOLDER] [--device auto|cpu|cuda|cuda:N] [--idle-seconds N]
//
// is how core/client starts it; the `lowkey` command parses these into WorkerSettings and calls
// run().
#pragma once

#include <string>

namespace lowkey::worker {

struct WorkerSettings {
    std::string pack;  // as find_pack() takes it; empty: the default
    std::string device = "auto";
    int idle_seconds = 300;  // ends itself after this long without a request
};

// Takes over the process: file descriptor 1 is kept for the protocol and replaced by stderr, so
// that no library's print can garble the stream. The pack is loaded at the first request and kept
// until another takes its place. Returns the process's exit status: 0 when the client has gone or
// has been idle, 1 on a fault (told on stderr).
int run(const WorkerSettings& settings);

}  // namespace lowkey::worker
