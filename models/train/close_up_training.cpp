#include "train/close_up_training.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cuda/device.h"
#include "model/arch/close_up.h"
#include "train/averaged.h"
#include "train/close_up_data.h"
#include "train/schedule.h"

namespace lowkey::train {
namespace {

constexpr int kCheckpointEvery = 250, kLogEvery = 50;
constexpr double kBoxWeight = 1, kLandmarkWeight = 5;

struct CloseUpLoss {
    torch::Tensor total, score, landmarks;
};

// Score: cross entropy. Box: mean absolute error. Landmarks: mean distance in eye distances, which
// is how a detector is judged.
CloseUpLoss loss_of(const torch::Tensor& said, const torch::Tensor& wanted) {
    const auto truth = wanted.select(1, 0);
    const auto score = torch::binary_cross_entropy_with_logits(said.select(1, 0), truth);
    const auto faces = truth.nonzero().squeeze(1);
    const auto a = said.index_select(0, faces), b = wanted.index_select(0, faces);
    const auto box = (a.narrow(1, 1, 4) - b.narrow(1, 1, 4)).abs().mean();
    const auto points = b.narrow(1, 5, 10).view({-1, 5, 2});
    const auto eyes = (points.select(1, 0) - points.select(1, 1)).norm(2, 1).clamp_min(0.05);
    const auto away = (a.narrow(1, 5, 10).view({-1, 5, 2}) - points).square().sum(2);
    const auto landmarks = ((away + 1e-8).sqrt().mean(1) / eyes).mean();
    return {score + kBoxWeight * box + kLandmarkWeight * landmarks, score, landmarks};
}

}  // namespace

void train_close_up(const CloseUpSettings& settings) {
    const torch::Device device = cuda::choose_device(settings.device);
    std::filesystem::create_directories(settings.run);
    const auto candidates = read_candidates(settings.candidates);
    torch::manual_seed(settings.seed);
    const auto network = std::make_shared<model::CloseUpNetwork>(),
               mean = std::make_shared<model::CloseUpNetwork>();
    network->initialise();
    network->to(device);
    mean->to(device);
    Averaged training(*network, *mean, settings.run / "close_up");
    network->train();

    std::ofstream log(settings.run / "close_up.log.jsonl", std::ios::app);
    const auto started = std::chrono::steady_clock::now();
    double score = 0, landmarks = 0;
    while (training.next_step() < settings.steps) {
        const int step = training.next_step();
        // A step is the same after a resume.
        Random random(seed_of(settings.seed, step));
        const CloseUpBatch batch = close_up_batch(candidates, settings.batch, random);
        const auto loss =
            loss_of(network->forward(batch.pictures.to(device)), batch.answers.to(device));
        loss.total.backward();
        training.step(rate_at({settings.rate, 150, 0.005}, step, settings.steps));
        score += loss.score.item<double>() / kLogEvery;
        landmarks += loss.landmarks.item<double>() / kLogEvery;
        if ((step + 1) % kLogEvery == 0) {
            const std::chrono::duration<double> seconds =
                std::chrono::steady_clock::now() - started;
            const nlohmann::json line{{"step", step + 1},
                                      {"seconds", seconds.count()},
                                      {"score", score},
                                      {"landmark_error", landmarks}};
            log << line.dump() << std::endl;
            std::cerr << line.dump() << "\n";
            score = landmarks = 0;
        }
        if ((step + 1) % kCheckpointEvery == 0 || step + 1 == settings.steps) training.save();
    }
}

}  // namespace lowkey::train
