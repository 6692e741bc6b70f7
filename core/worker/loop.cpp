#include "worker/loop.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <new>

#include "protocol/codec.h"
#include "worker/watch.h"

namespace lowkey::worker {
namespace {

using nlohmann::json;
using protocol::Message;
using protocol::Type;
using Clock = std::chrono::steady_clock;

constexpr auto kProgressInterval = std::chrono::milliseconds(50);

class DescriptorStream final : public protocol::Stream {
  public:
    DescriptorStream(int input, int output) : input_(input), output_(output) {}

    std::size_t read_some(std::byte* into, std::size_t size) override {
        return transfer([&] { return read(input_, into, size); });
    }
    std::size_t write_some(const std::byte* from, std::size_t size) override {
        return transfer([&] { return write(output_, from, size); });
    }

  private:
    template <typename Call>
    static std::size_t transfer(Call call) {
        ssize_t done;
        do done = call();
        while (done < 0 && errno == EINTR);
        if (done < 0) throw protocol::Ended("because the client closed it");
        return static_cast<std::size_t>(done);
    }

    int input_, output_;
};

class Loop {
  public:
    Loop(const LoopSettings& settings, const EngineFactory& make_engine)
        : settings_(settings),
          make_engine_(make_engine),
          stream_(settings.input, settings.output),
          watch_(settings.input) {}

    void run() {
        protocol::write_message(stream_, Type::hello, {{"program", LOWKEY_VERSION}});
        while (true) {
            if (!wait_for_request()) {
                protocol::write_message(stream_, Type::bye, json::object());
                return;
            }
            Message message;
            try {
                message = protocol::read_own_version(stream_);
            } catch (const protocol::Ended&) {
                return;
            } catch (const Error& error) {
                refuse(error);
                throw;  // where the next message starts is unknown
            }
            answer(message);
        }
    }

  private:
    bool wait_for_request() const {
        pollfd input{settings_.input, POLLIN, 0};
        int ready;
        do ready = poll(&input, 1, settings_.idle_seconds * 1000);
        while (ready < 0 && errno == EINTR);
        return ready != 0;
    }

    void answer(const Message& message) {
        std::uint64_t unread = message.payload_bytes;
        try {
            const protocol::Request request = protocol::decode_request(message);
            const auto picture = protocol::read_picture(stream_, request.shape);
            unread -= picture.size_bytes();
            std::vector<std::uint8_t> mask;
            if (request.has_mask) mask = protocol::read_mask(stream_, request.shape);
            unread -= mask.size();
            if (message.type == Type::detect)
                detect(picture);
            else if (message.type == Type::cloak)
                cloak(picture, protocol::decode_options(message.json.value("options", json())),
                      mask);
            else
                protocol::throw_garbled("a request is unknown");
        } catch (const protocol::Ended&) {
            throw;
        } catch (const Error& error) {
            protocol::skip(stream_, unread);
            refuse(error);
        } catch (const std::bad_alloc&) {
            refuse(
                {ErrorKind::memory,
                 "There was not enough memory. Close other programs, or scale the picture down."});
        } catch (const std::exception& error) {
            refuse({ErrorKind::worker,
                    std::string("LowKey failed in a way that it does not know: ") + error.what()});
        }
    }

    void detect(const Picture& picture) {
        const auto faces = current_engine().detect(picture.view());
        protocol::write_message(stream_, Type::faces, protocol::encode(faces));
    }

    void cloak(const Picture& picture, const Options& options,
               const std::vector<std::uint8_t>& mask) {
        MaskView selection;
        if (!mask.empty())
            selection = {mask.data(), picture.width(), picture.height(),
                         static_cast<std::size_t>(picture.width())};
        Clock::time_point last_told;
        Engine& engine = current_engine();
        const CloakResult result =
            engine.cloak(picture.view(), options, selection, [&](const Progress& progress) {
                if (watch_.gone()) return false;
                if (Clock::now() - last_told >= kProgressInterval) {
                    last_told = Clock::now();
                    protocol::write_message(stream_, Type::progress, protocol::encode(progress));
                }
                return true;
            });
        if (protocol::shape_of(result.picture.view()) != protocol::shape_of(picture.view()))
            throw std::logic_error("the result has another size or format");
        const auto rects = changed_rects(picture.view(), result.picture.view());
        const Manifest manifest = engine.manifest();
        std::uint64_t bytes = 0;
        for (const Rect& rect : rects)
            bytes += protocol::pixel_bytes({rect.width, rect.height, picture.format()});
        protocol::write_message(stream_, Type::result,
                                {{"report", protocol::encode(result.report)},
                                 {"manifest", manifest.path},
                                 {"manifest_text", manifest.text},
                                 {"patches", protocol::encode(rects)}},
                                bytes);
        for (const Rect& rect : rects) protocol::write_rect(stream_, result.picture.view(), rect);
    }

    void refuse(const Error& error) {
        protocol::write_message(stream_, Type::error, protocol::encode(error));
    }

    Engine& current_engine() {
        if (engine_ && engine_->outdated()) engine_.reset();
        if (!engine_) {
            const Progress loading{0, "Loading the recognisers"};
            protocol::write_message(stream_, Type::progress, protocol::encode(loading));
            engine_ = make_engine_();
        }
        return *engine_;
    }

    const LoopSettings settings_;
    const EngineFactory make_engine_;
    DescriptorStream stream_;
    ClientWatch watch_;
    std::unique_ptr<Engine> engine_;
};

}  // namespace

void serve(const LoopSettings& settings, const EngineFactory& make_engine) {
    try {
        Loop(settings, make_engine).run();
    } catch (const protocol::Ended&) {
        // The client has gone: there is nobody to tell.
    }
}

}  // namespace lowkey::worker
