// A client of the fake worker, and what a test wants to know about its own process.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "lowkey/client.h"

namespace lowkey::testing {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

inline ClientOptions fake(const std::string& behaviour, int idle_seconds = 300) {
    ClientOptions options;
    options.command = LOWKEY_FAKE_WORKER;
    options.pack = behaviour;
    options.idle_seconds = idle_seconds;
    return options;
}

// Noise, so that no two rows are alike.
inline Picture noise(int width, int height, PixelFormat format = {}, unsigned seed = 1) {
    Picture picture(width, height, format);
    std::minstd_rand random(seed);
    for (int y = 0; y < height; ++y)
        for (std::size_t i = 0; i < picture.stride(); ++i)
            picture.row(y)[i] =
                static_cast<std::byte>(random() % 251);  // 255 is special to the fake
    return picture;
}

// A brush stroke of one pixel.
inline void touch(Picture& picture, int x, int y) {
    picture.row(y)[static_cast<std::size_t>(x) * bytes_per_pixel(picture.format())] ^= std::byte{1};
}

inline bool same(const PictureView& a, const PictureView& b) {
    if (a.width != b.width || a.height != b.height || !(a.format == b.format)) return false;
    const std::size_t bytes = static_cast<std::size_t>(a.width) * bytes_per_pixel(a.format);
    for (int y = 0; y < a.height; ++y)
        if (!std::equal(a.row(y), a.row(y) + bytes, b.row(y))) return false;
    return true;
}

// What the fake engine makes of it.
inline Picture expected(const PictureView& picture) {
    Picture result(picture);
    const std::size_t pixel = bytes_per_pixel(picture.format);
    for (int y = picture.height * 7 / 16; y < picture.height * 9 / 16; ++y)
        for (std::size_t i = static_cast<std::size_t>(picture.width * 7 / 16) * pixel;
             i < static_cast<std::size_t>(picture.width * 9 / 16) * pixel; ++i)
            result.row(y)[i] = ~result.row(y)[i];
    return result;
}

template <typename Call>
Error caught(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no lowkey::Error was thrown";
    return {ErrorKind::input, ""};
}

inline int open_descriptors() {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

// Children of this process, running or zombies.
inline std::vector<pid_t> children() {
    std::vector<pid_t> pids;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream list(task.path() / "children");
        for (pid_t pid; list >> pid;) pids.push_back(pid);
    }
    return pids;
}

// True once the process has ended, reaped or not.
inline bool has_ended(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string id, name, state;
    return !(stat >> id >> name >> state) || state == "Z";
}

}  // namespace lowkey::testing
