// The worker's process: started, talked to, ended and reaped without touching the host's signals.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "client/descriptor.h"
#include "client/ticker.h"
#include "protocol/stream.h"

namespace lowkey::client {

class Process final : public protocol::Stream {
  public:
    // Throws Error(worker) if the system cannot start it.
    explicit Process(const std::vector<std::string>& command);
    ~Process() override;  // kills it

    // A worker with nothing to do is silent; one that has ended or says something cannot be reused.
    bool is_idle();

    // The stream's calls tick while they wait. Set before each use.
    void set_ticker(Ticker* ticker) { ticker_ = ticker; }
    std::size_t read_some(std::byte* into, std::size_t size) override;
    std::size_t write_some(const std::byte* from, std::size_t size) override;

    // After the stream ended: how the process did, with its last words on stderr, as an error.
    struct Death {
        bool clean = false;  // it ended by itself with status 0, as an idle worker does
        Error error;
    };
    Death post_mortem();

  private:
    void wait_for(short events);
    void collect_stderr();
    bool reap(std::chrono::milliseconds patience);
    void kill();
    std::string last_words() const;

    pid_t pid_ = -1;  // -1 once reaped
    int status_ = 0;
    bool status_known_ = false;
    bool killed_here_ = false;
    Descriptor socket_, stderr_;
    std::string words_;  // the end of what it wrote on stderr
    Ticker* ticker_ = nullptr;
};

}  // namespace lowkey::client
