// What a host's plug-in uses: the same calls as lowkey.h, done by a `lowkey worker` process, so
// that LibTorch is never loaded into an editor. Stands on GLib/GIO only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lowkey/error.h"
#include "lowkey/options.h"
#include "lowkey/patch.h"
#include "lowkey/picture.h"
#include "lowkey/progress.h"
#include "lowkey/report.h"

namespace lowkey {

struct ClientOptions {
    std::string
        command;  // path of `lowkey`; empty: $LOWKEY_COMMAND, the per-user and system places, PATH
    std::string pack;  // as find_pack() takes it; empty: the default
    std::string device = "auto";
    int idle_seconds = 300;  // the worker ends itself after this long without a request
};

struct ClientResult {
    Picture picture;
    Report report;
};

// A result as its changes alone: what a host needs that can write them into its own pixels.
struct ClientChanges {
    std::vector<Patch> patches;  // paste them over the input
    Report report;
    std::string manifest;       // of the pack that was used: a path
    std::string manifest_text;  // ... and what it held when the worker loaded the pack
};

// One worker process, started at the first call and reused while warm. Calls block; make them from
// a thread that may wait. `progress` is called on the calling thread at least every 100 ms, also
// while the worker starts; returning false ends the worker at once and throws Error(cancelled)
// within 0.5 s. A dead, missing or incompatible worker is Error(worker), an out-of-memory kill
// Error(memory); the next call starts a fresh one. One call at a time; other threads wait their
// turn.
class Client {
  public:
    explicit Client(ClientOptions options = {});
    ~Client();  // ends the worker
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    std::vector<Face> detect(const PictureView& picture, const ProgressFunction& progress = {});
    ClientResult cloak(const PictureView& picture, const Options& options,
                       const MaskView& selection = {}, const ProgressFunction& progress = {});

    // The same, without a second copy of the picture.
    ClientChanges cloak_changes(const PictureView& picture, const Options& options,
                                const MaskView& selection = {},
                                const ProgressFunction& progress = {});

    // Number of requests that a worker has answered for this client; for tests and status lines.
    int answered() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lowkey
