#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "worker/loop.h"

namespace lowkey::worker {
namespace {

constexpr int kNice = 5;
constexpr int kOomScore = 500;

// An editor may hand down descriptors and blocked signals that are none of ours: a descriptor kept
// open here would hide from others that the editor has gone.
void drop_inheritance() {
    close_range(3, ~0u, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

// The editor stays responsive, and if memory runs out the kernel ends this process before the
// editor and its unsaved picture. Neither matters enough to fail.
void step_back() {
    [[maybe_unused]] const int nice = setpriority(PRIO_PROCESS, 0, kNice);
    std::ofstream("/proc/self/oom_score_adj") << kOomScore;
}

}  // namespace

int run_process(int idle_seconds, const EngineFactory& make_engine) {
    drop_inheritance();
    step_back();
    const int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    const int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0 || output < 0 || nothing < 0) {
        std::fprintf(stderr, "lowkey worker: standard input and output must be open\n");
        return 1;
    }
    dup2(nothing, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    close(nothing);
    try {
        serve({input, output, idle_seconds}, make_engine);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lowkey worker: %s\n", error.what());
        return 1;
    }
}

}  // namespace lowkey::worker
