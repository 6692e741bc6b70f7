#include "model/pack.h"

#include <new>

#include "cuda/out_of_memory.h"
#include "lowkey/error.h"
#include "model/arch/network.h"
#include "model/detector.h"
#include "model/finite.h"
#include "model/lpips_network.h"
#include "model/manifest.h"
#include "model/network_recogniser.h"
#include "model/weights.h"

namespace lowkey::model {
namespace {

Error no_memory_for(const std::filesystem::path& folder) {
    return {ErrorKind::memory, "There is not enough memory to load the model pack " +
                                   folder.string() +
                                   ". Close other programs, or use a smaller pack."};
}

std::unique_ptr<Recogniser> load_recogniser(const std::filesystem::path& folder,
                                            const RecogniserEntry& entry,
                                            const torch::Device& device, torch::ScalarType dtype) {
    const auto where = "The model pack's manifest " + (folder / "manifest.json").string() +
                       ": the architecture of \"" + entry.name + "\"";
    auto network = make_network(entry.architecture, {entry.crop.width, entry.crop.height}, where);
    const auto file = folder / entry.weights.file;
    load_weights(*network, read_safetensors(file), file);
    network->to(device, dtype);
    auto recogniser = make_recogniser(entry, std::move(network));
    // Finite weights may still give an embedding that is not.
    const torch::NoGradGuard no_gradient;
    const auto ramp = torch::linspace(0, 1, 3L * entry.crop.height * entry.crop.width)
                          .view({1, 3, entry.crop.height, entry.crop.width});
    check_finite(recogniser->embed(ramp.to(device, dtype)), file, "Install the model pack again.");
    return recogniser;
}

std::unique_ptr<Perceptual> load_perceptual(const std::filesystem::path& folder,
                                            const PerceptualEntry& entry,
                                            const torch::Device& device, torch::ScalarType dtype) {
    auto network = std::make_shared<LpipsNetwork>(entry.backbone, entry.width);
    const auto file = folder / entry.weights.file;
    load_weights(*network, read_safetensors(file), file);
    network->to(device, dtype);
    network->eval();
    freeze(*network);
    return make_perceptual(std::move(network), entry.factor);
}

}  // namespace

Pack load_pack(const std::filesystem::path& folder, const torch::Device& device,
               torch::ScalarType dtype) {
    const auto manifest = read_manifest(folder);
    check_files(folder, manifest);
    try {
        Pack pack;
        pack.name = manifest.name;
        pack.licence = manifest.licence;
        pack.source = manifest.source;
        for (const auto& entry : manifest.recognisers) {
            pack.recognisers.push_back(load_recogniser(folder, entry, device, dtype));
        }
        if (manifest.perceptual) {
            pack.perceptual = load_perceptual(folder, *manifest.perceptual, device, dtype);
        }
        if (manifest.detector) pack.detector = load_detector(folder, *manifest.detector, device);
        return pack;
    } catch (const c10::Error& error) {
        if (cuda::says_out_of_memory(error)) throw no_memory_for(folder);
        throw Error(ErrorKind::pack, "The model pack " + folder.string() +
                                         " cannot be loaded: " + error.what_without_backtrace() +
                                         " Install the model pack again.");
    } catch (const std::bad_alloc&) {
        throw no_memory_for(folder);
    }
}

}  // namespace lowkey::model
