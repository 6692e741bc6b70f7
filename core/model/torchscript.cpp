// A person's own TorchScript recogniser. A TorchScript file holds code: only explicitly named files
// come here, never a pack's.
#include <torch/script.h>

#include "lowkey/error.h"
#include "model/pack.h"

namespace lowkey::model {
namespace {

class TorchScriptRecogniser : public Recogniser {
  public:
    TorchScriptRecogniser(const std::filesystem::path& file, torch::jit::Module module)
        : file_(file), module_(std::move(module)) {
        name_ = file.stem().string();
    }

    torch::Tensor embed(const torch::Tensor& crops) override {
        torch::Tensor y;
        try {
            const auto result = module_.forward({crops * 2 - 1});
            if (result.isTensor()) y = result.toTensor();
        } catch (const c10::Error& error) {
            throw cannot_be_run(error.what_without_backtrace());
        } catch (const std::exception& error) {
            throw cannot_be_run(error.what());
        }
        if (!y.defined() || y.dim() != 2 || y.size(0) != crops.size(0)) {
            throw Error(ErrorKind::pack, "The recogniser " + file_.string() +
                                             " does not return one embedding for each face. "
                                             "LowKey needs a result of N x D.");
        }
        return y / y.norm(2, 1, true).clamp_min(1e-12);
    }

  private:
    Error cannot_be_run(const std::string& why) const {
        return {ErrorKind::pack, "The recogniser " + file_.string() +
                                     " cannot be run on faces of 112x112 pixels: " + why};
    }
    std::filesystem::path file_;
    torch::jit::Module module_;
};

}  // namespace

std::unique_ptr<Recogniser> load_torchscript(const std::filesystem::path& file,
                                             const torch::Device& device) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(file, failed)) {
        throw Error(ErrorKind::pack,
                    "The recogniser " + file.string() + " does not exist. Check the path.");
    }
    try {
        auto module = torch::jit::load(file.string(), device);
        module.eval();
        for (auto parameter : module.parameters()) parameter.set_requires_grad(false);
        auto recogniser = std::make_unique<TorchScriptRecogniser>(file, std::move(module));
        // A file of the wrong kind should be refused now, not in the middle of a photo.
        const torch::NoGradGuard no_grad;
        const torch::Tensor embedding =
            recogniser->embed(torch::full({1, 3, 112, 112}, 0.5, torch::device(device)));
        if (!torch::isfinite(embedding).all().item<bool>()) {
            throw Error(ErrorKind::pack, "The recogniser " + file.string() +
                                             " answers with values that are not finite numbers, so "
                                             "it tells no faces apart. Export it again.");
        }
        return recogniser;
    } catch (const c10::Error&) {
        throw Error(ErrorKind::pack, "The recogniser " + file.string() +
                                         " is not a TorchScript file that this LibTorch can read. "
                                         "Export it with torch.jit.save.");
    }
}

}  // namespace lowkey::model
