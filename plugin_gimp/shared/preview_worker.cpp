#include "shared/preview_worker.h"

#include <glib.h>

#include <exception>

#include "lowkey/error.h"

namespace lowkey::gimp {
namespace {

struct Posted {
    std::weak_ptr<int> alive;
    std::function<void()> call;
};

gboolean deliver(gpointer data) {
    const std::unique_ptr<Posted> posted(static_cast<Posted*>(data));
    if (posted->alive.expired()) return G_SOURCE_REMOVE;
    try {
        posted->call();
    } catch (const std::exception& error) {
        g_warning("LowKey preview: %s", error.what());
    }
    return G_SOURCE_REMOVE;
}

}  // namespace

PreviewWorker::PreviewWorker(LayerJob& job, PreviewEvents events)
    : job_(job),
      events_(std::make_shared<const PreviewEvents>(std::move(events))),
      wanted_(Wanted{}),
      thread_([this] { run(); }) {}

PreviewWorker::~PreviewWorker() {
    alive_.reset();
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        ++generation_;
    }
    changed_.notify_one();
    thread_.join();
}

void PreviewWorker::request(const Settings& settings) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = Wanted{settings};
        ++generation_;
    }
    changed_.notify_one();
}

void PreviewWorker::cancel() {
    const std::lock_guard lock(mutex_);
    wanted_.reset();
    ++generation_;
}

bool PreviewWorker::current(int generation) {
    const std::lock_guard lock(mutex_);
    return generation == generation_;
}

void PreviewWorker::run() {
    while (true) {
        Wanted wanted;
        int generation = 0;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return ending_ || wanted_; });
            if (ending_) return;
            wanted = *wanted_;
            wanted_.reset();
            generation = generation_;
        }
        serve(wanted, generation);
    }
}

void PreviewWorker::serve(const Wanted& wanted, int generation) {
    const ProgressFunction progress = [&](const Progress& now) {
        if (!current(generation)) return false;
        post(generation, [events = events_, now] { events->progress(now); });
        return true;
    };
    try {
        if (!wanted.settings) {
            post(generation,
                 [events = events_, faces = job_.candidates(progress)] { events->faces(faces); });
        } else {
            post(generation, [events = events_, result = job_.cloak(*wanted.settings, progress)] {
                events->ready(result);
            });
        }
    } catch (const Error& error) {
        if (error.kind == ErrorKind::cancelled) return;
        post(generation,
             [events = events_, what = std::string(error.what())] { events->failed(what); });
    } catch (const std::exception& error) {
        post(generation,
             [events = events_, what = std::string(error.what())] { events->failed(what); });
    }
}

void PreviewWorker::post(int generation, std::function<void()> call) {
    // Checked again on the main thread: a newer request may come in between.
    auto* posted = new Posted{alive_seen_, [this, generation, call = std::move(call)] {
                                  if (current(generation)) call();
                              }};
    g_idle_add_full(G_PRIORITY_DEFAULT, deliver, posted, nullptr);
}

}  // namespace lowkey::gimp
