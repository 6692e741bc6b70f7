#include "command/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lowkey::command {
namespace {

constexpr int kBarWidth = 24;
constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr double kShareBeforeEta = 0.03;  // before that an estimate is a guess

std::size_t columns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

// Cut to `width` characters; a UTF-8 character is never split.
std::string cut(const std::string& text, std::size_t width) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
        if (starts && characters++ == width) return text.substr(0, i);
    }
    return text;
}

}  // namespace

std::string as_duration(double seconds) {
    const long all = std::lround(std::max(0.0, seconds));
    char text[32];
    if (all >= 3600)
        std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", all / 3600, all / 60 % 60, all % 60);
    else
        std::snprintf(text, sizeof text, "%ld:%02ld", all / 60, all % 60);
    return text;
}

ProgressLine::ProgressLine(std::size_t files, bool quiet)
    : files_(std::max<std::size_t>(files, 1)),
      terminal_(isatty(STDERR_FILENO) == 1),
      quiet_(quiet) {}

ProgressLine::~ProgressLine() {
    clear();
}

void ProgressLine::clear() {
    if (drawn_) std::fputs("\r\033[K", stderr);
    drawn_ = false;
}

void ProgressLine::start(std::size_t file, const std::string& name) {
    file_ = file;
    name_ = name;
    if (quiet_) return;
    if (terminal_)
        update(0, "");
    else
        message(std::to_string(file + 1) + "/" + std::to_string(files_) + " " + name);
}

void ProgressLine::update(double fraction, const std::string& stage) {
    const auto now = Clock::now();
    if (quiet_ || !terminal_ || (drawn_ && now - last_drawn_ < kRedrawEvery)) return;
    last_drawn_ = now;
    const double done =
        (static_cast<double>(file_) + std::clamp(fraction, 0.0, 1.0)) / static_cast<double>(files_);
    const int filled = static_cast<int>(done * kBarWidth);
    std::string line = "[";
    line.append(static_cast<std::size_t>(filled), '#');
    line.append(static_cast<std::size_t>(kBarWidth - filled), '.');
    line += "] ";
    line += std::to_string(static_cast<int>(done * 100)) + " %";
    if (done > kShareBeforeEta) {
        const double elapsed = std::chrono::duration<double>(now - begun_).count();
        line += ", " + as_duration(elapsed / done * (1 - done)) + " left";
    }
    if (files_ > 1) line += ", " + std::to_string(file_ + 1) + "/" + std::to_string(files_);
    line += "  " + name_;
    if (!stage.empty()) line += ": " + stage;
    std::fprintf(stderr, "\r\033[K%s", cut(line, columns() - 1).c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void ProgressLine::message(const std::string& text) {
    clear();
    std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace lowkey::command
