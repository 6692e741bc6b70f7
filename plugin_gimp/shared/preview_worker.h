// Runs a LayerJob off the UI thread: the newest request wins and ends the one under way.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shared/layer_job.h"

namespace lowkey::gimp {

// Called on the main loop's thread, never after the worker's destructor.
struct PreviewEvents {
    std::function<void(const std::vector<LayerJob::Candidate>&)> faces;
    std::function<void(const Progress&)> progress;
    std::function<void(const Result&)> ready;
    std::function<void(const std::string& message)> failed;
};

class PreviewWorker {
  public:
    // Starts by finding the faces.
    PreviewWorker(LayerJob& job, PreviewEvents events);
    ~PreviewWorker();  // ends what is under way; returns within half a second
    PreviewWorker(const PreviewWorker&) = delete;
    PreviewWorker& operator=(const PreviewWorker&) = delete;

    void request(const Settings& settings);
    void cancel();

  private:
    struct Wanted {
        std::optional<Settings> settings;  // unset: only find the faces
    };
    void run();
    void serve(const Wanted& wanted, int generation);
    bool current(int generation);
    void post(int generation, std::function<void()> call);

    LayerJob& job_;
    const std::shared_ptr<const PreviewEvents> events_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // main thread only
    const std::weak_ptr<int> alive_seen_ =
        alive_;  // what events in flight check on the main thread
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Wanted> wanted_;
    int generation_ = 0;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace lowkey::gimp
