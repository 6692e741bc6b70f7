// A person's own TorchScript recogniser. A TorchScript file holds code: only explicitly named files
// come here, never a pack's.
#include <torch/script.h>

#include "cuda/out_of_memory.h"
#include "lowkey/error.h"
#include "model/finite.h"
#include "model/pack.h"

namespace lowkey::model {
namespace {

Error no_memory_for(const std::filesystem::path& file) {
    return {ErrorKind::memory, "There is not enough memory for the recogniser " + file.string() +
                                   ". Close other programs, or do without it."};
}

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
        return unit_length(y);
    }

  private:
    Error cannot_be_run(const std::string& why) const {
        if (cuda::says_out_of_memory(why)) return no_memory_for(file_);
        return {ErrorKind::pack,
                "The recogniser " + file_.string() +
                    " cannot be run on faces of 112x112 pixels. Choose another one. LibTorch "
                    "says: " +
                    why};
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
        const torch::AutoGradMode with_gradient(true);
        const torch::Tensor ramp =
            torch::linspace(0, 1, 3L * 112 * 112, torch::device(device).requires_grad(true));
        const torch::Tensor embedding = recogniser->embed(ramp.view({1, 3, 112, 112}));
        check_finite(embedding, file, "Export it again.");
        if (!embedding.requires_grad()) {
            throw Error(ErrorKind::pack, "The recogniser " + file.string() +
                                             " hands no gradient back to the picture, so no cloak "
                                             "can be made against it. Export it without "
                                             "torch.no_grad().");
        }
        return recogniser;
    } catch (const c10::Error& error) {
        if (cuda::says_out_of_memory(error)) throw no_memory_for(file);
        throw Error(ErrorKind::pack, "The recogniser " + file.string() +
                                         " is not a TorchScript file that this LibTorch can read. "
                                         "Export it with torch.jit.save.");
    }
}

}  // namespace lowkey::model
