#include "lowkey/client.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "client/check.h"
#include "client/locate.h"
#include "client/process.h"
#include "client/ticker.h"
#include "protocol/codec.h"

namespace lowkey {
namespace {

using client::Process;
using client::Ticker;
using protocol::Message;
using protocol::Type;

// LibTorch from a cold, slow disk takes a while; a program that is no worker would never answer.
constexpr std::chrono::seconds kStartLimit{90};

// The worker said in words why it cannot; it is well and waits for the next request.
struct Refusal {
    Error error;
};

// The worker said that it ends because it was idle.
struct Farewell {};

}  // namespace

struct Client::Impl {
    explicit Impl(ClientOptions given) : options(std::move(given)) {}

    // Runs `exchange`, a function of the Ticker, with a worker that is up, starting one where
    // needed.
    template <typename Exchange>
    auto call(const ProgressFunction& progress, Exchange exchange) {
        Ticker ticker(progress);
        ticker.show({0, "Waiting for another picture"});
        std::unique_lock lock(mutex, std::defer_lock);
        while (!lock.try_lock_for(Ticker::kInterval)) ticker.tick();

        // A command that was replaced meanwhile computes what the old one would not.
        const std::string now = client::program_mark(options.command);
        bool reused = worker != nullptr && worker->is_idle() && (now.empty() || now == mark);
        while (true) {
            try {
                if (!reused) {
                    start(ticker);
                    mark = now;
                }
                worker->set_ticker(&ticker);
                auto answer = exchange(ticker);
                worker->set_ticker(nullptr);
                ++answered;
                return answer;
            } catch (const Refusal& refusal) {
                worker->set_ticker(nullptr);
                ++answered;
                throw Error(refusal.error);
            } catch (const Farewell&) {
                worker.reset();
                if (!reused) throw_silent();
            } catch (const protocol::Ended&) {
                const auto dead = bury(ticker);
                if (!reused || !dead.clean) throw Error(dead.error);
            } catch (...) {
                worker.reset();  // cancelled, or out of step: only its end is safe
                throw;
            }
            reused = false;  // it had idled away just as we called: a fresh one does it
        }
    }

    void start(Ticker& ticker) {
        worker.reset();
        ticker.show({0, "Starting LowKey"});
        ticker.tick();
        command = client::find_command(options.command);
        worker = std::make_unique<Process>(std::vector<std::string>{
            command, "worker", "--pack", options.pack, "--device", options.device, "--idle-seconds",
            std::to_string(options.idle_seconds)});

        const auto until = Ticker::Clock::now() + kStartLimit;
        const ProgressFunction limited = [&](const Progress&) {
            ticker.tick();
            if (Ticker::Clock::now() > until) throw_silent();
            return true;
        };
        Ticker limit(limited);
        worker->set_ticker(&limit);
        const Message hello = protocol::read_message(*worker);
        if (hello.version != protocol::kVersion) throw_other_version(hello);
        if (hello.type != Type::hello) protocol::throw_garbled("no greeting came");
        protocol::skip(*worker, hello.payload_bytes);
        worker->set_ticker(nullptr);
    }

    // Reads progress until the message that answers the request.
    Message receive(Ticker& ticker, Type expected) {
        while (true) {
            Message message = protocol::read_own_version(*worker);
            if (message.type == expected) return message;
            if (message.payload_bytes != 0) protocol::throw_garbled("pixels came unasked");
            if (message.type == Type::bye) throw Farewell();
            if (message.type == Type::error) throw Refusal{protocol::decode_error(message.json)};
            if (message.type != Type::progress) protocol::throw_garbled("an answer is unknown");
            ticker.show(protocol::decode_progress(message.json));
        }
    }

    void send(Ticker& ticker, Type type, nlohmann::json json, const PictureView& picture,
              const MaskView& mask) {
        ticker.show({0, "Handing over the picture"});
        const protocol::Shape shape = protocol::shape_of(picture);
        const std::size_t mask_row = static_cast<std::size_t>(mask.data ? picture.width : 0);
        json["picture"] = protocol::encode(shape);
        json["mask"] = mask.data != nullptr;
        protocol::write_message(
            *worker, type, json,
            protocol::pixel_bytes(shape) + mask_row * static_cast<std::size_t>(picture.height));
        protocol::write_rect(*worker, picture, {0, 0, picture.width, picture.height});
        if (mask.data != nullptr)
            protocol::write_rows(*worker, reinterpret_cast<const std::byte*>(mask.data), mask_row,
                                 mask.stride, mask.height);
    }

    // A worker that stops reading may have said why before.
    void send_or_hear_why(Ticker& ticker, Type type, nlohmann::json json,
                          const PictureView& picture, const MaskView& mask) {
        try {
            send(ticker, type, std::move(json), picture, mask);
        } catch (const protocol::Ended&) {
            try {
                // Not as a Refusal: this worker is of no more use.
                throw protocol::decode_error(receive(ticker, Type::error).json);
            } catch (const protocol::Ended&) {
            }
            throw;
        }
    }

    Process::Death bury(Ticker& ticker) {
        const std::unique_ptr<Process> dead = std::move(worker);
        dead->set_ticker(&ticker);
        return dead->post_mortem();
    }

    [[noreturn]] void throw_silent() const {
        throw Error(
            ErrorKind::worker,
            "“" + command +
                "” does not answer as a LowKey worker does. Install LowKey again, or correct "
                "the path of the lowkey command.");
    }

    [[noreturn]] void throw_other_version(const Message& hello) const {
        const std::string program = protocol::text(hello.json, "program");
        throw Error(ErrorKind::worker,
                    "“" + command + "”" + (program.empty() ? "" : " (LowKey " + program + ")") +
                        " speaks protocol " + std::to_string(hello.version) + ", this plug-in " +
                        std::to_string(protocol::kVersion) +
                        ". Install LowKey again, so that both are of one version.");
    }

    const ClientOptions options;
    std::timed_mutex mutex;
    std::string command, mark;  // of the worker
    std::unique_ptr<Process> worker;
    std::atomic<int> answered = 0;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Client::~Client() = default;

std::vector<Face> Client::detect(const PictureView& picture, const ProgressFunction& progress) {
    client::check(picture, {});
    return impl_->call(progress, [&](Ticker& ticker) {
        impl_->send_or_hear_why(ticker, Type::detect, nlohmann::json::object(), picture, {});
        ticker.show({0, "Looking for faces"});
        const Message faces = impl_->receive(ticker, Type::faces);
        if (faces.payload_bytes != 0) protocol::throw_garbled("pixels came unasked");
        return protocol::decode_faces(faces.json);
    });
}

ClientChanges Client::cloak_changes(const PictureView& picture, const Options& options,
                                    const MaskView& selection, const ProgressFunction& progress) {
    client::check(picture, selection);
    validate(options);
    return impl_->call(progress, [&](Ticker& ticker) {
        impl_->send_or_hear_why(ticker, Type::cloak, {{"options", protocol::encode(options)}},
                                picture, selection);
        const Message result = impl_->receive(ticker, Type::result);
        ClientChanges changes;
        changes.patches =
            protocol::read_patches(*impl_->worker, result, protocol::shape_of(picture));
        changes.report = protocol::decode_report(result.json.value("report", nlohmann::json()));
        changes.manifest = protocol::text(result.json, "manifest");
        changes.manifest_text = protocol::text(result.json, "manifest_text");
        return changes;
    });
}

ClientResult Client::cloak(const PictureView& picture, const Options& options,
                           const MaskView& selection, const ProgressFunction& progress) {
    ClientChanges changes = cloak_changes(picture, options, selection, progress);
    ClientResult result{Picture(picture), std::move(changes.report)};
    for (const Patch& patch : changes.patches) paste(patch, result.picture);
    return result;
}

int Client::answered() const {
    return impl_->answered;
}

}  // namespace lowkey
