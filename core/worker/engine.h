// What the worker's loop serves: the core, or a stand-in in tests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lowkey/lowkey.h"

namespace lowkey::worker {

// Of the loaded pack, as it was when it was loaded: by it a client tells packs apart. May be empty.
struct Manifest {
    std::string path, text;
    bool operator==(const Manifest&) const = default;
};

class Engine {
  public:
    virtual ~Engine() = default;
    virtual std::vector<Face> detect(const PictureView& picture) = 0;
    virtual CloakResult cloak(const PictureView& picture, const Options& options,
                              const MaskView& selection, const ProgressFunction& progress) = 0;
    virtual Manifest manifest() const = 0;
    // True once a new engine would load another pack than this one did; the next request then gets
    // a new engine.
    virtual bool outdated() const = 0;
};

// Called at the first request, so that a worker starts quickly, and where the engine is outdated;
// may throw like Cloaker's constructor.
using EngineFactory = std::function<std::unique_ptr<Engine>()>;

}  // namespace lowkey::worker
