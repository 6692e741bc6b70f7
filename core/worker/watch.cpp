#include "worker/watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <system_error>

namespace lowkey::worker {
namespace {

constexpr int kParentCheckMs = 1000;
constexpr int kGraceMs = 500;

}  // namespace

ClientWatch::ClientWatch(int input) : stop_(eventfd(0, EFD_CLOEXEC)) {
    if (stop_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    thread_ = std::thread([this, input] { watch(input); });
}

ClientWatch::~ClientWatch() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(stop_, &one, sizeof one);
    thread_.join();
    close(stop_);
}

void ClientWatch::watch(int input) {
    // PR_SET_PDEATHSIG would fire when the editor's *thread* that started us ends, so the parent's
    // id is compared instead: it changes when the editor dies, even if a child of the editor holds
    // our input.
    const pid_t parent = getppid();
    pollfd polled[] = {{input, 0, 0}, {stop_, POLLIN, 0}};  // 0: only a hang-up is reported
    while (!gone_) {
        if (poll(polled, 2, kParentCheckMs) < 0 && errno != EINTR) return;
        if (polled[1].revents != 0) return;
        gone_ = polled[0].revents != 0 || getppid() != parent;
    }
    // Nobody is left to answer to. A computation that does not ask for cancellation soon ends here.
    if (poll(polled + 1, 1, kGraceMs) == 0) std::_Exit(0);
}

}  // namespace lowkey::worker
