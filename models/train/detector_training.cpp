#include "train/detector_training.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cuda/device.h"
#include "model/arch/face_detector.h"
#include "model/weights.h"
#include "train/detector_loss.h"
#include "train/optimiser.h"
#include "train/scene.h"
#include "train/schedule.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr int kCheckpointEvery = 100;
constexpr double kMeanDecay = 0.998;
constexpr std::array kSizes = {192, 256, 320};
constexpr int kMiddleSize = 256;

std::vector<Scene> scenes_of_step(const LabelledPhotos& photos, const DetectorSettings& settings,
                                  int step) {
    // A step is the same after a resume.
    Random random(settings.seed * 1000003 + static_cast<std::uint64_t>(step));
    const int size = kSizes[random() % kSizes.size()];
    const int count = std::max(1, settings.batch * kMiddleSize * kMiddleSize / (size * size));
    std::vector<Scene> scenes;
    for (int i = 0; i < count; ++i) scenes.push_back(make_scene(photos, size, random));
    return scenes;
}

torch::Tensor pixels_of(const std::vector<Scene>& scenes) {
    std::vector<torch::Tensor> pictures;
    for (const Scene& scene : scenes)
        pictures.push_back(
            torch::from_blob(scene.rgb.data, {scene.rgb.rows, scene.rgb.cols, 3}, torch::kUInt8)
                .permute({2, 0, 1})
                .to(torch::kFloat32));
    return (torch::stack(pictures) / 127.5 - 1).contiguous(torch::MemoryFormat::ChannelsLast);
}

// Network, running mean of its weights, optimiser: all that a checkpoint holds.
struct Training {
    std::shared_ptr<model::FaceDetector> network = std::make_shared<model::FaceDetector>(),
                                         mean = std::make_shared<model::FaceDetector>();
    std::unique_ptr<AdamW> optimiser;
    int next_step = 0;
};

void follow(model::FaceDetector& mean, const model::FaceDetector& network, int step) {
    const torch::NoGradGuard no_gradient;
    const double share = 1 - std::min(kMeanDecay, (1.0 + step) / (10.0 + step));
    const auto blend = [&](const auto& own, const auto& other) {
        for (const auto& item : own)
            if (item.value().is_floating_point()) item.value().lerp_(other[item.key()], share);
    };
    blend(mean.named_parameters(), network.named_parameters());
    blend(mean.named_buffers(), network.named_buffers());
}

fs::path checkpoint_file(const DetectorSettings& settings) {
    return settings.run / "detector.checkpoint.safetensors";
}

void save(const DetectorSettings& settings, const Training& training) {
    model::Tensors state;
    const auto add = [&](const std::string& prefix, const model::Tensors& tensors) {
        for (const auto& [name, tensor] : tensors) state[prefix + name] = tensor;
    };
    add("network.", model::weights_of(*training.network, model::Storage::float32));
    add("mean.", model::weights_of(*training.mean, model::Storage::float32));
    add("optimiser.", training.optimiser->state());
    state["next_step"] = torch::tensor({int64_t{training.next_step}});
    model::write_safetensors(checkpoint_file(settings), state);
    model::write_safetensors(settings.run / "detector.safetensors",
                             model::weights_of(*training.mean, model::Storage::float16));
}

void resume(const DetectorSettings& settings, Training& training) {
    const auto file = checkpoint_file(settings);
    if (!fs::exists(file)) return;
    const auto state = model::read_safetensors(file);
    const auto part = [&](const std::string& prefix) {
        model::Tensors tensors;
        for (const auto& [name, tensor] : state)
            if (name.starts_with(prefix)) tensors[name.substr(prefix.size())] = tensor;
        return tensors;
    };
    model::load_weights(*training.network, part("network."), file);
    model::load_weights(*training.mean, part("mean."), file);
    training.optimiser->restore(part("optimiser."));
    training.next_step = static_cast<int>(state.at("next_step").item<int64_t>());
}

// Means over the last steps, for the log.
class Figures {
  public:
    void add(const DetectorLoss& loss) {
        const std::array values = {loss.score, loss.box, loss.landmarks, loss.landmark_error};
        for (std::size_t i = 0; i < values.size(); ++i) sums_[i] += values[i];
        ++count_;
    }
    nlohmann::json take() {
        nlohmann::json line;
        for (std::size_t i = 0; i < kNames.size(); ++i) line[kNames[i]] = sums_[i] / count_;
        *this = {};
        return line;
    }

  private:
    static constexpr std::array kNames = {"score", "box", "landmarks", "landmark_error"};
    std::array<double, kNames.size()> sums_{};
    int count_ = 0;
};

}  // namespace

void train_detector(const DetectorSettings& settings) {
    const torch::Device device = cuda::choose_device(settings.device);
    fs::create_directories(settings.run);
    const LabelledPhotos photos(settings.people, settings.labels);
    torch::manual_seed(settings.seed);
    Training training;
    training.network->initialise();
    training.network->to(device);
    training.mean->to(device);
    training.optimiser = std::make_unique<AdamW>(*training.network);
    resume(settings, training);
    training.network->train();

    std::ofstream log(settings.run / "detector.log.jsonl", std::ios::app);
    const auto started = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    };
    Figures figures;
    double making_scenes = 0;
    while (training.next_step < settings.steps) {
        const int step = training.next_step;
        const double before = seconds();
        const auto scenes = scenes_of_step(photos, settings, step);
        making_scenes += seconds() - before;
        const auto loss =
            detector_loss(training.network->forward(pixels_of(scenes).to(device)), scenes);
        loss.total.backward();
        training.optimiser->step(rate_at({settings.rate, 150, 0.01}, step, settings.steps));
        follow(*training.mean, *training.network, step);
        figures.add(loss);
        training.next_step = step + 1;
        const bool last = training.next_step == settings.steps;
        if (training.next_step % 20 == 0 || last) {
            auto line = figures.take();
            line["step"] = training.next_step;
            line["seconds"] = seconds();
            line["seconds_making_scenes"] = making_scenes;
            log << line.dump() << std::endl;
            std::cerr << line.dump() << "\n";
        }
        if (training.next_step % kCheckpointEvery == 0 || last) save(settings, training);
    }
}

}  // namespace lowkey::train
