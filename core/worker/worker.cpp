#include "worker/worker.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "lowkey/error.h"
#include "worker/loop.h"

namespace lowkey::worker {
namespace {

// Throws as find_pack(). An unreadable manifest is empty here; Cloaker says what is wrong with it.
Manifest manifest_of(const std::string& pack) {
    const std::filesystem::path path = find_pack(pack) / "manifest.json";
    std::ifstream file(path, std::ios::binary);
    return {path.string(), {std::istreambuf_iterator<char>(file), {}}};
}

class CloakEngine final : public Engine {
  public:
    explicit CloakEngine(const WorkerSettings& settings)
        : wanted_(settings.pack),
          manifest_(manifest_of(wanted_)),
          default_device_(settings.device),
          device_(settings.device),
          cloaker_(pack(), device_) {}

    std::vector<Face> detect(const PictureView& picture) override {
        return cloaker_.detect(picture);
    }

    CloakResult cloak(const PictureView& picture, const Options& options, const MaskView& selection,
                      const ProgressFunction& progress) override {
        use_device(options.device == "auto" ? default_device_ : options.device);
        return cloaker_.cloak(picture, options, selection, progress);
    }

    Manifest manifest() const override { return manifest_; }

    bool outdated() const override {
        try {
            return manifest_of(wanted_) != manifest_;
        } catch (const Error&) {
            return true;  // a new engine tells what is wrong
        }
    }

  private:
    std::filesystem::path pack() const {
        return std::filesystem::path(manifest_.path).parent_path();
    }
    void use_device(const std::string& device) {
        if (device == device_) return;
        cloaker_ = Cloaker(pack(), device);
        device_ = device;
    }

    std::string wanted_;
    Manifest manifest_;
    std::string default_device_, device_;
    Cloaker cloaker_;
};

}  // namespace

int run(const WorkerSettings& settings) {
    return run_process(settings.idle_seconds,
                       [&] { return std::make_unique<CloakEngine>(settings); });
}

}  // namespace lowkey::worker
