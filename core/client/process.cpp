#include "client/process.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <utility>

namespace lowkey::client {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kKeptWords = 2000;
constexpr auto kPatienceAfterKill = 250ms;  // a cancel returns well within its half second
constexpr auto kPatienceAfterEnd = 2000ms;  // an ended stream's process is about to end

// Processes that were killed but had not ended in time (a large one takes a while to unmap). Reaped
// as soon as another process starts or ends, so that none stays a zombie.
class Dying {
  public:
    void add(pid_t pid) {
        const std::lock_guard lock(mutex_);
        pids_.push_back(pid);
    }
    void reap() {
        const std::lock_guard lock(mutex_);
        std::erase_if(pids_, [](pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; });
    }

  private:
    std::mutex mutex_;
    std::vector<pid_t> pids_;
};

Dying& dying() {
    static Dying* processes =
        new Dying;  // never destroyed: a host may end while a thread still works
    return *processes;
}

[[noreturn]] void throw_cannot_start(const std::string& why) {
    throw Error(ErrorKind::worker, "The LowKey worker could not be started: " + why +
                                       ". Close other programs, or install LowKey again.");
}

// Above the standard descriptors, which the child's set-up overwrites, even if the host closed its
// own.
int raised(int descriptor) {
    if (descriptor > STDERR_FILENO) return descriptor;
    const int other = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(descriptor);
    return other;
}

const char* signal_name(int signal) {
    switch (signal) {
        case SIGSEGV:
            return "segmentation fault";
        case SIGABRT:
            return "abort";
        case SIGILL:
            return "illegal instruction: this processor may be too old for LibTorch";
        case SIGBUS:
            return "bus error";
        case SIGFPE:
            return "arithmetic error";
        case SIGTERM:
            return "ended by another program";
        default:
            return strsignal(signal);
    }
}

}  // namespace

Process::Process(const std::vector<std::string>& command) {
    dying().reap();
    // A socket and not pipes: MSG_NOSIGNAL spares the host a SIGPIPE, MSG_DONTWAIT a blocking
    // write.
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw_cannot_start(g_strerror(errno));
    socket_.reset(raised(ends[0]));
    const Descriptor input(raised(ends[1]));
    const Descriptor output(fcntl(input.value, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (socket_.value < 0 || input.value < 0 || output.value < 0)
        throw_cannot_start(g_strerror(errno));

    std::vector<const char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& argument : command) arguments.push_back(argument.c_str());
    arguments.push_back(nullptr);
    char** environment = g_get_environ();
    // An editor keeps processors busy beside the worker. OpenMP's threads that spin while they wait
    // for one that does not run made a cloak take seven times as long on a busy machine.
    environment = g_environ_setenv(environment, "OMP_WAIT_POLICY", "passive", FALSE);
    // LEAVE_DESCRIPTORS_OPEN lets GLib use posix_spawn: a fork would copy the page tables of an
    // editor that holds gigabytes. The worker closes what it inherits. DO_NOT_REAP_CHILD installs
    // no handler.
    const auto flags = static_cast<GSpawnFlags>(
        G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_LEAVE_DESCRIPTORS_OPEN | G_SPAWN_CLOEXEC_PIPES);
    GError* error = nullptr;
    int stderr_pipe = -1;
    const bool started = g_spawn_async_with_pipes_and_fds(
        nullptr, arguments.data(), environment, flags, nullptr, nullptr, input.value, output.value,
        -1, nullptr, nullptr, 0, &pid_, nullptr, nullptr, &stderr_pipe, &error);
    g_strfreev(environment);
    if (!started) {
        const std::string why = error->message;
        g_error_free(error);
        throw_cannot_start(why);
    }
    stderr_.reset(stderr_pipe);
    fcntl(stderr_.value, F_SETFL, O_NONBLOCK);
}

Process::~Process() {
    kill();
    if (pid_ > 0) dying().add(std::exchange(pid_, -1));
    dying().reap();
}

bool Process::is_idle() {
    if (reap(0ms)) return false;
    pollfd polled{socket_.value, POLLIN, 0};
    return poll(&polled, 1, 0) == 0;
}

std::size_t Process::read_some(std::byte* into, std::size_t size) {
    while (true) {
        if (ticker_ != nullptr) ticker_->tick();
        const ssize_t got = recv(socket_.value, into, size, MSG_DONTWAIT);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            wait_for(POLLIN);
        else if (errno != EINTR)
            throw protocol::Ended("because the worker did");
    }
}

std::size_t Process::write_some(const std::byte* from, std::size_t size) {
    while (true) {
        if (ticker_ != nullptr) ticker_->tick();
        const ssize_t put = send(socket_.value, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put >= 0) return static_cast<std::size_t>(put);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            wait_for(POLLOUT);
        else if (errno != EINTR)
            throw protocol::Ended("because the worker did");
    }
}

void Process::wait_for(short events) {
    // A negative descriptor is left out: stderr, once it has ended.
    pollfd polled[] = {{socket_.value, events, 0}, {stderr_.value, POLLIN, 0}};
    poll(polled, 2, static_cast<int>(Ticker::kInterval.count()));
    if (polled[1].revents != 0) collect_stderr();
}

void Process::collect_stderr() {
    char buffer[4096];
    // Bounded, so that a worker that never stops writing cannot hold this thread.
    for (int part = 0; part < 32 && stderr_.value >= 0; ++part) {
        const ssize_t got = read(stderr_.value, buffer, sizeof buffer);
        if (got < 0) return;
        if (got == 0) return stderr_.reset();
        words_.append(buffer, static_cast<std::size_t>(got));
        if (words_.size() > kKeptWords) words_.erase(0, words_.size() - kKeptWords);
    }
}

bool Process::reap(std::chrono::milliseconds patience) {
    const auto until = Ticker::Clock::now() + patience;
    while (pid_ > 0) {
        const pid_t ended = waitpid(pid_, &status_, WNOHANG);
        if (ended != 0) {
            status_known_ = ended == pid_;  // else the host reaps every child itself
            pid_ = -1;
        } else if (Ticker::Clock::now() >= until) {
            return false;
        } else {
            g_usleep(2000);
        }
    }
    return true;
}

void Process::kill() {
    if (pid_ <= 0) return;
    killed_here_ = true;
    ::kill(pid_, SIGKILL);
    socket_.reset();
    reap(kPatienceAfterKill);
}

std::string Process::last_words() const {
    const char* text = words_.c_str();
    char* valid = g_utf8_make_valid(text, -1);
    std::string words = g_strstrip(valid);
    g_free(valid);
    // The last lines hold the cause; a first, cut one only confuses.
    std::size_t begin = words.size();
    for (int lines = 0; lines < 5 && begin != std::string::npos && begin > 0; ++lines)
        begin = words.rfind('\n', begin - 1);
    if (begin != std::string::npos && begin > 0) words.erase(0, begin + 1);
    return words.empty() ? "" : "\nIts last words: " + words;
}

Process::Death Process::post_mortem() {
    const auto until = Ticker::Clock::now() + kPatienceAfterEnd;
    while (!reap(Ticker::kInterval)) {
        if (ticker_ != nullptr) ticker_->tick();
        if (Ticker::Clock::now() >= until) kill();
    }
    collect_stderr();
    const auto death = [&](ErrorKind kind, const std::string& message, bool clean = false) {
        return Death{clean, Error(kind, message + last_words())};
    };
    if (killed_here_)
        return death(ErrorKind::worker,
                     "The LowKey worker stopped answering and was ended. The picture is unchanged; "
                     "try again.");
    if (status_known_ && WIFSIGNALED(status_)) {
        const int signal = WTERMSIG(status_);
        // We did not send it, and hardly anyone else does: this is how the kernel frees memory.
        if (signal == SIGKILL)
            return death(
                ErrorKind::memory,
                "The LowKey worker was killed, most likely because the computer ran out of "
                "memory. Close other programs or scale the picture down, then try again. "
                "The picture is unchanged.");
        return death(
            ErrorKind::worker,
            std::string("The LowKey worker crashed (") + signal_name(signal) +
                "). The picture is unchanged; try again, and report it if it happens again.");
    }
    if (status_known_ && WEXITSTATUS(status_) == 0)
        return death(ErrorKind::worker,
                     "The LowKey worker ended before it answered. The picture is unchanged; try "
                     "again.",
                     true);
    const std::string status =
        status_known_ ? " (exit status " + std::to_string(WEXITSTATUS(status_)) + ")" : "";
    return death(ErrorKind::worker,
                 "The LowKey worker failed" + status +
                     ". The picture is unchanged. If it happens again, install LowKey again.");
}

}  // namespace lowkey::client
