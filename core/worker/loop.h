// The worker without the core: it links no LibTorch, so tests run it with an engine of their own.
#pragma once

#include "worker/engine.h"

namespace lowkey::worker {

struct LoopSettings {
    int input = 0, output = 1;  // file descriptors; not closed
    int idle_seconds = 300;
};

// Serves requests until the input ends, a message cannot be read (Error(worker), also told to the
// client) or no request comes for `idle_seconds`. While it runs, a thread watches for a client that
// goes away: the computation is cancelled, and a process that does not heed that within 0.5 s is
// ended.
void serve(const LoopSettings& settings, const EngineFactory& make_engine);

// Makes this process a worker (see run() in worker.h) and serves.
int run_process(int idle_seconds, const EngineFactory& make_engine);

}  // namespace lowkey::worker
