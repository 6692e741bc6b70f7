// Calls the host's progress function often while something is awaited, and turns its answer into an
// end.
#pragma once

#include <chrono>

#include "lowkey/progress.h"

namespace lowkey::client {

class Ticker {
  public:
    using Clock = std::chrono::steady_clock;
    // A waiting call should come back to tick() this often: half of what a host is promised at
    // most.
    static constexpr std::chrono::milliseconds kInterval{30};

    explicit Ticker(const ProgressFunction& progress) : progress_(progress) {}

    void show(Progress progress) { shown_ = std::move(progress); }

    // Tells the host what is going on, if it is time to; throws Error(cancelled) if it wants to
    // stop.
    void tick();

  private:
    const ProgressFunction& progress_;
    Progress shown_;
    Clock::time_point last_;
};

}  // namespace lowkey::client
