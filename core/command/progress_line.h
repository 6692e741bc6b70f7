// Progress of a batch on stderr: one line that is redrawn on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace lowkey::command {

class ProgressLine {
  public:
    // `quiet`: only messages are shown.
    ProgressLine(std::size_t files, bool quiet);
    ~ProgressLine();  // clears the line
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void start(std::size_t file, const std::string& name);
    void update(double fraction, const std::string& stage);  // of the current file, 0..1
    void message(const std::string& text);                   // a line of its own that stays

    void clear();  // before something else is printed

  private:
    std::size_t files_, file_ = 0;
    bool terminal_, quiet_, drawn_ = false;
    std::string name_;
    using Clock = std::chrono::steady_clock;
    Clock::time_point begun_ = Clock::now(), last_drawn_;
};

// "1:05", "2:03:09".
std::string as_duration(double seconds);

}  // namespace lowkey::command
