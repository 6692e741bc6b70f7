#include "engine.h"

#include <klocalizedstring.h>

#include <QPoint>
#include <algorithm>
#include <cmath>
#include <thread>

#include "messages.h"

Q_LOGGING_CATEGORY(lowkeyKrita, "lowkey.krita", QtWarningMsg)

namespace lowkey::krita {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRememberedBytes = 48U << 20U;
constexpr std::size_t kRememberedCount = 32;
// What the client keeps beside that is for strokes away from the faces; the disk has the rest.
constexpr std::size_t kClientBytes = 16U << 20U;
// An update asks once a patch; asking a broken worker each time would take minutes.
constexpr std::chrono::seconds kFailureHolds{10};
constexpr std::chrono::milliseconds kTurn{20};

std::string parameters_of(const Options& options) {
    std::string text = std::string(preset_defaults(options.preset).name) + ' ' +
                       std::to_string(effective_strength(options)) + ' ' +
                       std::to_string(effective_iterations(options)) + ' ' +
                       std::to_string(options.seed);
    for (const int face : options.faces) text += " f" + std::to_string(face);
    if (options.region)
        text += " r" + std::to_string(options.region->x) + ',' + std::to_string(options.region->y) +
                ',' + std::to_string(options.region->width) + ',' +
                std::to_string(options.region->height);
    return text;
}

Options in_picture(Options options, const QPoint& origin) {
    if (options.region) {
        options.region->x -= origin.x();
        options.region->y -= origin.y();
    }
    return options;
}

const char* name_of(CacheSource source) {
    switch (source) {
        case CacheSource::memory:
            return "memory";
        case CacheSource::disk:
            return "disk";
        case CacheSource::moved:
            return "moved";
        case CacheSource::computed:
            break;
    }
    return "computed";
}

QString text_of(const std::exception& error) {
    return QString::fromUtf8(error.what());
}

}  // namespace

std::size_t Cloak::bytes() const {
    std::size_t sum = sizeof *this;
    for (const NativePatch& patch : patches) sum += patch.bytes.size();
    return sum;
}

struct Engine::Ticket {
    enum class Fate { go_on, superseded, stopped };

    const Engine& engine;
    const Settings& settings;
    std::shared_ptr<Dialog> dialog;  // null: nobody can overtake this job
    int abandoned_before = 0;

    Fate fate() const {
        if (engine.quitting_) return Fate::stopped;
        if (!dialog) return Fate::go_on;
        if (settings.generation <= dialog->stopped_generation) return Fate::stopped;
        if (settings.generation < dialog->generation || dialog->abandoned != abandoned_before)
            return Fate::superseded;
        return Fate::go_on;
    }
};

Engine& Engine::instance() {
    // Never destroyed: Krita's threads may still ask while it goes. shut_down() ends the worker.
    static Engine* engine = new Engine;
    return *engine;
}

CachedClient& Engine::client() {
    if (!client_) {
        CacheOptions cache;
        cache.memory_bytes = kClientBytes;
        client_ = std::make_unique<CachedClient>(ClientOptions{}, cache);
    }
    return *client_;
}

void Engine::shut_down() {
    quitting_ = true;
    const std::lock_guard lock(worker_);
    client_.reset();
}

void Engine::open_dialog(const QString& dialog) {
    const std::lock_guard lock(state_);
    dialogs_[dialog] = std::make_shared<Dialog>();
}

std::shared_ptr<Engine::Dialog> Engine::dialog_of(const QString& name) {
    const std::lock_guard lock(state_);
    const auto found = dialogs_.find(name);
    return found == dialogs_.end() ? nullptr : found->second;
}

bool Engine::is_open(const QString& dialog) {
    return dialog_of(dialog) != nullptr;
}

void Engine::supersede(const QString& dialog, int generation) {
    if (const auto state = dialog_of(dialog)) state->generation = generation;
}

void Engine::stop(const QString& dialog, int generation) {
    if (const auto state = dialog_of(dialog)) state->stopped_generation = generation;
}

void Engine::abandon(const QString& dialog) {
    if (const auto state = dialog_of(dialog)) ++state->abandoned;
}

bool Engine::close_dialog(const QString& dialog) {
    const std::lock_guard lock(state_);
    const auto found = dialogs_.find(dialog);
    if (found == dialogs_.end()) return false;
    const bool left = found->second->layer_left;
    dialogs_.erase(found);
    return left;
}

std::shared_ptr<const Cloak> Engine::recall(const Hash& key, const std::string& parameters) {
    const std::lock_guard lock(state_);
    for (auto entry = remembered_.begin(); entry != remembered_.end(); ++entry) {
        if (entry->key != key || entry->parameters != parameters) continue;
        remembered_.splice(remembered_.begin(), remembered_, entry);
        return remembered_.front().cloak;
    }
    return nullptr;
}

void Engine::keep(Remembered remembered) {
    const std::lock_guard lock(state_);
    remembered_.push_front(std::move(remembered));
    std::size_t bytes = 0, count = 0;
    auto entry = remembered_.begin();
    for (; entry != remembered_.end(); ++entry) {
        bytes += entry->cloak->bytes();
        // The latest stays whatever its size: the rest of the same update asks for it.
        if (++count > 1 && (bytes > kRememberedBytes || count > kRememberedCount)) break;
    }
    remembered_.erase(entry, remembered_.end());
}

ProgressFunction Engine::progress_for(const Job& job, const Ticket& ticket) {
    return [this, &job, &ticket](const Progress& progress) {
        if (job.on_percent) job.on_percent(static_cast<int>(std::lround(progress.fraction * 100)));
        Q_EMIT progressed(job.settings.dialog, job.layer, progress.fraction,
                          QString::fromStdString(progress.stage));
        return ticket.fate() == Ticket::Fate::go_on;
    };
}

std::shared_ptr<const Cloak> Engine::compute(const Content& content, const Hash& key,
                                             const std::string& parameters, const Job& job,
                                             const Ticket& ticket) {
    const auto start = Clock::now();
    auto cloak = std::make_shared<Cloak>();
    const Picture before = content.picture();
    const char* source = "no face";
    try {
        const CachedChanges result = client().cloak(
            before.view(), in_picture(job.settings.options, content.area().topLeft()), {},
            progress_for(job, ticket));
        source = name_of(result.source);
        cloak->patches = content.native(before, result.changes->patches);
        cloak->faces = static_cast<int>(result.changes->report.faces.size());
        cloak->message = i18np("One face cloaked.", "%1 faces cloaked.", cloak->faces);
        for (const std::string& note : result.changes->report.notes) {
            cloak->message += ' ' + QString::fromStdString(note);
            // A stroke that touches no face changes nothing that was told before.
            cloak->noted = result.source != CacheSource::moved;
        }
    } catch (const Error& error) {
        if (error.kind != ErrorKind::no_face) throw;
        cloak->message = text_of(error);
    }
    keep({key, parameters, cloak});
    qCInfo(lowkeyKrita, "%s: %dx%d, %d faces, %.2f s", source, before.width(), before.height(),
           cloak->faces, std::chrono::duration<double>(Clock::now() - start).count());
    return cloak;
}

Outcome Engine::run(const Job& job) {
    Outcome outcome;
    const Content content(job.device);
    const auto refused = [&](const QString& message) {
        outcome.kind = Outcome::failed;
        outcome.message = message;
        Q_EMIT ended(job.settings.dialog, job.settings.generation, outcome.kind, outcome.message);
        return outcome;
    };
    // A layer of the document may have nothing below it; a person who chose the filter means a
    // picture.
    if (content.empty() || !content.holds_colour())
        return job.layer ? outcome : refused(nothing_to_cloak());

    const Hash key = content.hash(content.area());
    const std::string parameters = parameters_of(job.settings.options);
    Ticket ticket{*this, job.settings, dialog_of(job.settings.dialog)};
    if (ticket.dialog) ticket.abandoned_before = ticket.dialog->abandoned;

    const Options& options = job.settings.options;
    const bool chosen = !options.faces.empty() || options.region;
    const QString& chosen_on = job.settings.picture;
    // A mask that the dialog makes takes its faces along, and its picture may be painted on.
    if (!job.layer && chosen && !ticket.dialog && !chosen_on.isEmpty() && chosen_on != name_of(key))
        return refused(chosen_elsewhere());

    const auto settled = [&](std::shared_ptr<const Cloak> cloak) {
        outcome.kind = cloak->faces == 0 ? Outcome::no_face : Outcome::cloaked;
        outcome.message = cloak->message;
        outcome.cloak = std::move(cloak);
        Q_EMIT ended(job.settings.dialog, job.settings.generation, outcome.kind, outcome.message);
        return outcome;
    };
    if (auto cloak = recall(key, parameters)) return settled(std::move(cloak));

    try {
        std::unique_lock lock(worker_, std::defer_lock);
        while (ticket.fate() == Ticket::Fate::go_on) {
            if (detections_ > 0)
                std::this_thread::sleep_for(kTurn);
            else if (lock.try_lock_for(kTurn))
                break;
        }
        if (ticket.fate() != Ticket::Fate::go_on) throw Error(ErrorKind::cancelled, "cancelled");
        if (auto cloak = recall(key, parameters)) return settled(std::move(cloak));
        {
            const std::lock_guard state(state_);
            if (job.layer && failure_.key == key && failure_.parameters == parameters &&
                Clock::now() < failure_.until) {
                outcome.kind = Outcome::failed;
                outcome.message = failure_.message;
                return outcome;
            }
        }
        outcome.fresh = true;
        return settled(compute(content, key, parameters, job, ticket));
    } catch (const Error& error) {
        const bool cancelled = error.kind == ErrorKind::cancelled;
        outcome.kind = !cancelled                                  ? Outcome::failed
                       : ticket.fate() == Ticket::Fate::superseded ? Outcome::superseded
                                                                   : Outcome::stopped;
        outcome.message = cancelled ? i18n("Stopped.") : text_of(error);
    } catch (const std::bad_alloc&) {
        outcome.kind = Outcome::failed;
        outcome.message = no_memory();
    } catch (const std::exception& error) {
        outcome.kind = Outcome::failed;
        outcome.message = i18n("LowKey failed: %1", text_of(error));
    }
    if (outcome.kind == Outcome::failed) {
        qCInfo(lowkeyKrita) << "failed:" << outcome.message;
        const std::lock_guard lock(state_);
        failure_ = {key, parameters, Clock::now() + kFailureHolds, outcome.message};
    } else if (job.layer && ticket.dialog) {
        ticket.dialog->layer_left = true;
    }
    Q_EMIT ended(job.settings.dialog, job.settings.generation, outcome.kind, outcome.message);
    return outcome;
}

std::vector<Face> Engine::detect(const Picture& picture,
                                 const std::shared_ptr<std::atomic<bool>>& cancelled) {
    std::unique_lock lock(worker_, std::defer_lock);
    const auto wanted = [&] { return !quitting_ && !*cancelled; };
    while (wanted() && !lock.try_lock_for(kTurn)) {
    }
    if (!wanted()) throw Error(ErrorKind::cancelled, "cancelled");
    return client().detect(picture.view(), [&](const Progress&) { return wanted(); });
}

}  // namespace lowkey::krita
