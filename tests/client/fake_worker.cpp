// The real worker's loop around an engine that behaves as the test asks, or a program that breaks
// the protocol at one stage. Started by the client as `fake_worker worker --pack BEHAVIOUR ...`.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <thread>

#include "protocol/codec.h"
#include "worker/loop.h"

namespace {

using namespace lowkey;
using namespace std::chrono_literals;
using protocol::Type;

void die(const std::string& how) {
    std::fprintf(stderr, "first words\nlast words before %s\n", how.c_str());
    if (how == "abort") std::abort();
    if (how == "segv") {
        std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would make an exit of it
        std::raise(SIGSEGV);
    }
    if (how == "kill") std::raise(SIGKILL);
    if (how == "exit3") std::_Exit(3);
    if (how == "exit0") std::_Exit(0);
}

// Inverts every byte of the picture's middle, as far as it is selected; there is always one face.
class FakeEngine final : public worker::Engine {
  public:
    explicit FakeEngine(std::string behaviour) : behaviour_(std::move(behaviour)) {
        if (behaviour_ == "no-pack") throw Error(ErrorKind::pack, "The pack is not there.");
    }

    std::vector<Face> detect(const PictureView& picture) override {
        Face face;
        face.width = static_cast<float>(picture.width) / 8;
        face.height = static_cast<float>(picture.height) / 8;
        face.x = static_cast<float>(picture.width) / 2 - face.width / 2;
        face.y = static_cast<float>(picture.height) / 2 - face.height / 2;
        face.score = 1;
        std::vector<Face> faces{face};
        // A pixel that a test sets makes another face appear.
        if (picture.row(0)[0] == std::byte{255}) faces.push_back({});
        return faces;
    }

    CloakResult cloak(const PictureView& picture, const Options& options, const MaskView& selection,
                      const ProgressFunction& progress) override {
        if (behaviour_.starts_with("cloak-")) {
            progress({0.5, "About to fail"});
            const std::string how = behaviour_.substr(6);
            if (how == "throw") throw std::runtime_error("something odd \xff");
            if (how == "memory") throw std::bad_alloc();
            if (how == "no-face") throw Error(ErrorKind::no_face, "No face was found.");
            if (how == "deaf") std::this_thread::sleep_for(1h);
            if (how == "print") {
                for (int i = 0; i < 5000; ++i) std::puts("a library prints on standard output");
                std::fflush(stdout);
            }
            die(how);
        }
        const int steps = behaviour_ == "slow" ? 1000 : 3;
        for (int step = 0; step < steps; ++step) {
            if (!progress({static_cast<double>(step) / steps, "Cloaking"}))
                throw Error(ErrorKind::cancelled, "Cancelled.");
            if (behaviour_ == "slow") std::this_thread::sleep_for(10ms);
        }
        CloakResult result{Picture(picture), {}};
        const std::size_t pixel = bytes_per_pixel(picture.format);
        for (int y = picture.height * 7 / 16; y < picture.height * 9 / 16; ++y)
            for (int x = picture.width * 7 / 16; x < picture.width * 9 / 16; ++x) {
                if (selection.data &&
                    selection.data[static_cast<std::size_t>(y) * selection.stride +
                                   static_cast<std::size_t>(x)] == 0)
                    continue;
                std::byte* at = result.picture.row(y) + static_cast<std::size_t>(x) * pixel;
                for (std::size_t i = 0; i < pixel; ++i) at[i] = ~at[i];
            }
        result.report.pack = "fake";
        result.report.device = options.device;
        result.report.preset = preset_defaults(options.preset).name;
        result.report.strength = effective_strength(options);
        const auto faces = detect(picture);
        result.report.faces_found = static_cast<int>(faces.size());
        for (std::size_t i = 0; i < faces.size(); ++i) {
            FaceReport face;
            face.face = faces[i];
            face.index = static_cast<int>(i);
            result.report.faces.push_back(face);
        }
        rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        result.report.notes = {std::to_string(usage.ru_maxrss),
                               std::to_string(getpriority(PRIO_PROCESS, 0)),
                               "pid " + std::to_string(getpid())};
        return result;
    }

    worker::Manifest manifest() const override {
        const char* path = std::getenv("FAKE_MANIFEST");
        if (!path) return {};
        if (behaviour_ == "pack-replaced-meanwhile") return {path, "what it held before"};
        std::ifstream file(path);
        return {path, {std::istreambuf_iterator<char>(file), {}}};
    }

    bool outdated() const override { return false; }

  private:
    std::string behaviour_;
};

class RawStream final : public protocol::Stream {
  public:
    std::size_t read_some(std::byte* into, std::size_t size) override {
        return static_cast<std::size_t>(std::max<ssize_t>(0, read(0, into, size)));
    }
    std::size_t write_some(const std::byte* from, std::size_t size) override {
        const ssize_t put = write(1, from, size);
        if (put < 0) std::_Exit(9);
        return static_cast<std::size_t>(put);
    }
};

// Speaks the protocol by hand up to the stage where it breaks it. True if it did.
bool misbehave(const std::string& behaviour) {
    RawStream stream;
    const auto hello = [&] {
        protocol::write_message(stream, Type::hello, {{"program", "0.0-fake"}});
    };
    if (behaviour.starts_with("start-")) die(behaviour.substr(6));
    if (behaviour == "silent") std::this_thread::sleep_for(1h);
    if (behaviour == "garbage") {
        const std::string text(100, '?');
        stream.write_some(reinterpret_cast<const std::byte*>(text.data()), text.size());
        std::this_thread::sleep_for(1h);
    }
    if (behaviour == "other-version") {
        const char header[protocol::kHeaderBytes] = {'L', 'K', 'E', 'Y', 7, 0, 1, 0, 17};
        stream.write_some(reinterpret_cast<const std::byte*>(header), sizeof header);
        stream.write_some(reinterpret_cast<const std::byte*>("{\"program\":\"9.9\"}"), 17);
        std::this_thread::sleep_for(1h);
    }
    if (behaviour == "half-hello") {
        stream.write_some(reinterpret_cast<const std::byte*>("LKEY\1"), 5);
        die("segv");
    }
    if (behaviour.starts_with("greet-")) {  // ends without reading the request
        hello();
        die(behaviour.substr(6));
    }
    if (behaviour == "stall") {
        hello();
        std::this_thread::sleep_for(1h);
    }
    if (behaviour == "refuse-unread") {  // says why, and goes without having read the picture
        hello();
        protocol::read_message(stream);
        protocol::write_message(stream, Type::error,
                                protocol::encode(Error(ErrorKind::memory, "No room for it.")));
        std::_Exit(0);
    }
    if (behaviour == "huge-json" || behaviour == "huge-payload") {
        hello();
        const auto request = protocol::read_message(stream);
        protocol::skip(stream, request.payload_bytes);
        char header[protocol::kHeaderBytes] = {'L', 'K', 'E', 'Y', 1, 0, 6, 0};
        std::memset(header + (behaviour == "huge-json" ? 8 : 19), 0x7f, 4);
        stream.write_some(reinterpret_cast<const std::byte*>(header), sizeof header);
        std::this_thread::sleep_for(1h);
    }
    if (behaviour.starts_with("result-")) {
        hello();
        const auto request = protocol::read_message(stream);
        protocol::skip(stream, request.payload_bytes);
        const std::string how = behaviour.substr(7);
        nlohmann::json json = {{"report", protocol::encode(Report())}, {"patches", {{0, 0, 4, 4}}}};
        if (how == "outside") json["patches"] = {{2147483647, 0, 4, 4}};
        if (how == "negative") json["patches"] = {{0, 0, -4, -4}};
        if (how == "no-report") json["report"] = 7;
        if (how == "no-patches") json.erase("patches");
        if (how == "odd-manifest") json["manifest"] = 7;
        protocol::write_message(stream, Type::result, json, how == "short" ? 1 : 48);
        const std::byte pixels[48] = {};
        stream.write_some(pixels, how == "half" ? 20 : 48);
        if (how == "half") die("segv");
        std::this_thread::sleep_for(1h);
    }
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    alarm(120);  // a test that fails must not leave a sleeping process behind
    std::string behaviour, idle = "300";
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::strcmp(argv[i], "--pack") == 0) behaviour = argv[i + 1];
        if (std::strcmp(argv[i], "--idle-seconds") == 0) idle = argv[i + 1];
    }
    misbehave(behaviour);
    return worker::run_process(std::stoi(idle),
                               [&] { return std::make_unique<FakeEngine>(behaviour); });
}
