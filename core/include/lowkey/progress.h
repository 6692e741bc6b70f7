#pragma once

#include <functional>
#include <string>

namespace lowkey {

struct Progress {
    double fraction = 0;  // 0..1 of the whole call
    std::string stage;    // a short phrase for people: "Cloaking face 1 of 2"
};

// Called often from the calling thread. Returning false cancels: the call throws Error(cancelled).
using ProgressFunction = std::function<bool(const Progress&)>;

}  // namespace lowkey
