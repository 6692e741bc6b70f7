#include "train/detector_training.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cuda/device.h"
#include "model/arch/face_detector.h"
#include "model/pixels.h"
#include "train/averaged.h"
#include "train/detector_loss.h"
#include "train/scene.h"
#include "train/schedule.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr int kCheckpointEvery = 100;
constexpr std::array kSizes = {192, 256, 320};
constexpr int kMiddleSize = 256;

std::vector<Scene> scenes_of_step(const LabelledPhotos& photos, const DetectorSettings& settings,
                                  int step) {
    // A step is the same after a resume.
    Random random(seed_of(settings.seed, step));
    const int size = kSizes[random() % kSizes.size()];
    const int count = std::max(1, settings.batch * kMiddleSize * kMiddleSize / (size * size));
    std::vector<Scene> scenes;
    for (int i = 0; i < count; ++i) scenes.push_back(make_scene(photos, size, random));
    return scenes;
}

std::vector<cv::Mat> pictures_of(const std::vector<Scene>& scenes) {
    std::vector<cv::Mat> pictures;
    for (const Scene& scene : scenes) pictures.push_back(scene.rgb);
    return pictures;
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
    const auto network = std::make_shared<model::FaceDetector>(),
               mean = std::make_shared<model::FaceDetector>();
    network->initialise();
    network->to(device);
    mean->to(device);
    Averaged training(*network, *mean, settings.run / "detector");
    network->train();

    std::ofstream log(settings.run / "detector.log.jsonl", std::ios::app);
    const auto started = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    };
    Figures figures;
    double making_scenes = 0;
    while (training.next_step() < settings.steps) {
        const int step = training.next_step();
        const double before = seconds();
        const auto scenes = scenes_of_step(photos, settings, step);
        making_scenes += seconds() - before;
        const auto loss =
            detector_loss(network->forward(model::pixels_of(pictures_of(scenes), device)), scenes);
        loss.total.backward();
        training.step(rate_at({settings.rate, 150, 0.01}, step, settings.steps));
        figures.add(loss);
        const bool last = step + 1 == settings.steps;
        if ((step + 1) % 20 == 0 || last) {
            auto line = figures.take();
            line["step"] = step + 1;
            line["seconds"] = seconds();
            line["seconds_making_scenes"] = making_scenes;
            log << line.dump() << std::endl;
            std::cerr << line.dump() << "\n";
        }
        if ((step + 1) % kCheckpointEvery == 0 || last) training.save();
    }
}

}  // namespace lowkey::train
