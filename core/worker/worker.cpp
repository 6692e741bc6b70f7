#include "worker/worker.h"

#include "worker/loop.h"

namespace lowkey::worker {
namespace {

class CloakEngine final : public Engine {
  public:
    explicit CloakEngine(const WorkerSettings& settings)
        : pack_(find_pack(settings.pack)),
          default_device_(settings.device),
          device_(settings.device),
          cloaker_(pack_, device_) {}

    std::vector<Face> detect(const PictureView& picture) override {
        return cloaker_.detect(picture);
    }

    CloakResult cloak(const PictureView& picture, const Options& options, const MaskView& selection,
                      const ProgressFunction& progress) override {
        use_device(options.device == "auto" ? default_device_ : options.device);
        return cloaker_.cloak(picture, options, selection, progress);
    }

    std::string manifest() const override { return (pack_ / "manifest.json").string(); }

  private:
    void use_device(const std::string& device) {
        if (device == device_) return;
        cloaker_ = Cloaker(pack_, device);
        device_ = device;
    }

    std::filesystem::path pack_;
    std::string default_device_, device_;
    Cloaker cloaker_;
};

}  // namespace

int run(const WorkerSettings& settings) {
    return run_process(settings.idle_seconds,
                       [&] { return std::make_unique<CloakEngine>(settings); });
}

}  // namespace lowkey::worker
