// Runs cloaks for Krita through one worker: remembers results, lets one of several equal calls
// compute while the others wait, and cancels what an open dialog has overtaken.
#pragma once

#include <QLoggingCategory>
#include <QObject>
#include <QString>
#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lowkey/cache.h"
#include "pixels.h"
#include "settings.h"

// Silent unless asked for: QT_LOGGING_RULES="lowkey.krita.info=true".
Q_DECLARE_LOGGING_CATEGORY(lowkeyKrita)

namespace lowkey::krita {

// A finished computation, in the device's coordinates.
struct Cloak {
    std::vector<NativePatch> patches;  // empty where no face was found
    int faces = 0;                     // cloaked
    QString message;                   // what was done, and what the person should know of it
    bool noted = false;                // the message has a note that was not told before
    std::size_t bytes() const;
};

struct Outcome {
    enum Kind { nothing, cloaked, no_face, superseded, stopped, failed };
    Kind kind = nothing;
    std::shared_ptr<const Cloak> cloak;  // with `cloaked` and `no_face`
    QString message;                     // with `failed`, and what to tell with the others
    bool fresh = false;                  // not from memory, so progress was shown: tell the end
};

struct Job {
    KisPaintDeviceSP device;
    Settings settings;
    bool layer = false;                   // of a filter layer or mask; else the pixels' own filter
    std::function<void(int)> on_percent;  // from the calling thread
};

class Engine : public QObject {
    Q_OBJECT
  public:
    static Engine& instance();

    // Blocks; called from Krita's update and stroke threads.
    Outcome run(const Job& job);

    // Blocks; for the dialog's preview, from a thread of its own. Throws Error.
    std::vector<Face> detect(const Picture& picture,
                             const std::shared_ptr<std::atomic<bool>>& cancelled);

    // While one exists, cloaks that have not begun let a detection go first.
    struct DetectionTurn {
        DetectionTurn() { ++instance().detections_; }
        ~DetectionTurn() { --instance().detections_; }
        DetectionTurn(const DetectionTurn&) = delete;
        DetectionTurn& operator=(const DetectionTurn&) = delete;
    };

    // What an open dialog asks for, by the name it puts into its configurations.
    void open_dialog(const QString& dialog);
    bool is_open(const QString& dialog);
    void supersede(const QString& dialog,
                   int generation);                    // older generations are no longer wanted
    void stop(const QString& dialog, int generation);  // this one and older: the person's choice
    void abandon(const QString& dialog);               // what is running now
    // Returns true if a layer was left uncomputed, so that it has to be updated once more.
    bool close_dialog(const QString& dialog);

    void shut_down();

  Q_SIGNALS:
    // From any thread.
    void progressed(const QString& dialog, bool layer, double fraction, const QString& stage);
    void ended(const QString& dialog, int generation, int kind, const QString& message);

  private:
    struct Dialog {
        std::atomic<int> generation{0}, stopped_generation{-1}, abandoned{0};
        std::atomic<bool> layer_left{false};
    };
    struct Ticket;  // what a running job asks while it waits
    struct Remembered {
        Hash key;
        std::string parameters;
        std::shared_ptr<const Cloak> cloak;
    };
    struct Failure {
        Hash key{};
        std::string parameters;
        std::chrono::steady_clock::time_point until;
        QString message;
    };

    Engine() = default;
    std::shared_ptr<Dialog> dialog_of(const QString& name);
    std::shared_ptr<const Cloak> recall(const Hash& key, const std::string& parameters);
    void keep(Remembered remembered);
    std::shared_ptr<const Cloak> compute(const Content& content, const Hash& key,
                                         const std::string& parameters, const Job& job,
                                         const Ticket& ticket);
    ProgressFunction progress_for(const Job& job, const Ticket& ticket);
    CachedClient& client();

    std::timed_mutex worker_;  // held while the worker is in use
    std::unique_ptr<CachedClient> client_;
    std::atomic<bool> quitting_{false};
    std::atomic<int> detections_{0};

    std::mutex state_;  // guards what follows
    std::map<QString, std::shared_ptr<Dialog>> dialogs_;
    std::list<Remembered> remembered_;  // latest first
    Failure failure_;
};

}  // namespace lowkey::krita
