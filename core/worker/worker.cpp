#include "worker/worker.h"

#include <cstdint>
#include <filesystem>

#include "lowkey/error.h"
#include "worker/loop.h"

namespace lowkey::worker {
namespace {

namespace fs = std::filesystem;

// What tells one installed pack from another that took its place, without reading it.
struct PackState {
    fs::path pack;
    fs::file_time_type written;
    std::uintmax_t bytes;

    bool operator==(const PackState&) const = default;
    fs::path manifest() const { return pack / "manifest.json"; }
};

// Throws as find_pack().
PackState state_of(const std::string& pack) {
    PackState state{find_pack(pack), {}, 0};
    std::error_code unreadable;  // Cloaker says why
    state.written = fs::last_write_time(state.manifest(), unreadable);
    state.bytes = fs::file_size(state.manifest(), unreadable);
    return state;
}

class CloakEngine final : public Engine {
  public:
    explicit CloakEngine(const WorkerSettings& settings)
        : wanted_(settings.pack),
          loaded_(state_of(wanted_)),
          default_device_(settings.device),
          device_(settings.device),
          cloaker_(loaded_.pack, device_) {}

    std::vector<Face> detect(const PictureView& picture) override {
        return cloaker_.detect(picture);
    }

    CloakResult cloak(const PictureView& picture, const Options& options, const MaskView& selection,
                      const ProgressFunction& progress) override {
        use_device(options.device == "auto" ? default_device_ : options.device);
        return cloaker_.cloak(picture, options, selection, progress);
    }

    std::string manifest() const override { return loaded_.manifest().string(); }

    bool outdated() const override {
        try {
            return state_of(wanted_) != loaded_;
        } catch (const Error&) {
            return true;  // a new engine tells what is wrong
        }
    }

  private:
    void use_device(const std::string& device) {
        if (device == device_) return;
        cloaker_ = Cloaker(loaded_.pack, device);
        device_ = device;
    }

    std::string wanted_;
    PackState loaded_;
    std::string default_device_, device_;
    Cloaker cloaker_;
};

}  // namespace

int run(const WorkerSettings& settings) {
    return run_process(settings.idle_seconds,
                       [&] { return std::make_unique<CloakEngine>(settings); });
}

}  // namespace lowkey::worker
