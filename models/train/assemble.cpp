#include "train/assemble.h"

#include "model/arch/network.h"
#include "model/checksum.h"
#include "model/detector.h"
#include "model/manifest.h"
#include "model/weights.h"
#include "train/perceptual.h"
#include "train/students.h"

namespace lowkey::train {
namespace {

std::optional<model::PerceptualEntry> add_perceptual(const std::filesystem::path& run,
                                                     const std::filesystem::path& out) {
    const std::string file = "perceptual.safetensors";
    if (!std::filesystem::exists(run / file)) return {};
    const auto network = load_student_lpips(run / file, torch::kCPU);
    model::write_safetensors(out / file, model::weights_of(*network, model::Storage::float16));
    model::PerceptualEntry entry{kPerceptualBackbone, kPerceptualWidth, {}, kPerceptualFactor};
    entry.weights.file = file;
    entry.weights.sha256 = model::sha256(out / file);
    return entry;
}

}  // namespace

void assemble(const std::filesystem::path& run, const std::filesystem::path& out) {
    std::filesystem::create_directories(out);
    model::Manifest manifest;
    manifest.name = "default";
    manifest.licence = "GPL-3.0-or-later";
    manifest.source = "Trained by models/train; see MODEL_CARD.md";
    for (const StudentPlan& plan : student_plans()) {
        const auto trained = run / (plan.name + ".safetensors");
        const auto network = model::make_network(plan.architecture, {});
        model::load_weights(*network, model::read_safetensors(trained), trained);
        model::RecogniserEntry entry;
        entry.name = plan.name;
        entry.architecture = plan.architecture;
        entry.period = plan.period;
        entry.weights.file = plan.name + ".safetensors";
        model::write_safetensors(out / entry.weights.file,
                                 model::weights_of(*network, model::Storage::float16));
        entry.weights.sha256 = model::sha256(out / entry.weights.file);
        manifest.recognisers.push_back(entry);
    }
    manifest.perceptual = add_perceptual(run, out);
    const auto detector = run / "detector.safetensors";
    if (std::filesystem::exists(detector)) {
        manifest.detector = {"lowkey", {"detector.safetensors", {}, {}, {}}};
        const auto copy = out / manifest.detector->model.file;
        auto parts = model::split_detector(model::read_safetensors(detector));
        const auto close_up = run / "close_up.safetensors";
        if (std::filesystem::exists(close_up)) parts.close_up = model::read_safetensors(close_up);
        model::make_detector(parts, {}, torch::kCPU, detector);  // refuses what does not fit
        model::write_safetensors(copy, model::join_detector(parts));
        manifest.detector->model.sha256 = model::sha256(copy);
    }
    model::write_manifest(out, manifest);
}

}  // namespace lowkey::train
