#include "model/detector.h"

#include <string_view>

#include "model/arch/network.h"
#include "model/close_up.h"
#include "model/pixels.h"
#include "model/weights.h"

namespace lowkey::model {
namespace {

constexpr int kSquare = 640;
constexpr std::string_view kCloseUpPrefix = "close_up.";

// 1 x C x H x W: the channels as columns, a row for each cell.
cv::Mat columns(const torch::Tensor& head) {
    const auto cells = head[0].flatten(1).t().contiguous();
    return cv::Mat(static_cast<int>(cells.size(0)), static_cast<int>(cells.size(1)), CV_32F,
                   cells.data_ptr())
        .clone();
}

class DetectorHeads : public face::HeadNetwork {
  public:
    explicit DetectorHeads(std::shared_ptr<FaceDetector> network)
        : network_(std::move(network)), device_(network_->parameters().front().device()) {}

    int square() const override { return kSquare; }

    face::Heads run(const cv::Mat& square_rgb) override {
        const torch::NoGradGuard no_grad;
        const auto outputs = network_->forward(pixels_of({square_rgb}, device_));
        face::Heads heads;
        for (std::size_t i = 0; i < heads.size(); ++i) {
            const auto output = outputs[i].cpu();
            heads[i].score = columns(output.narrow(1, 0, 1).sigmoid());
            heads[i].box = columns(output.narrow(1, 1, 4));
            heads[i].landmarks = columns(output.narrow(1, 5, 10));
        }
        return heads;
    }

  private:
    std::shared_ptr<FaceDetector> network_;
    torch::Device device_;
};

}  // namespace

DetectorWeights split_detector(Tensors tensors) {
    DetectorWeights parts;
    for (auto& [name, tensor] : tensors) {
        const bool second = name.starts_with(kCloseUpPrefix);
        (second ? parts.close_up
                : parts.first)[second ? name.substr(kCloseUpPrefix.size()) : name] = tensor;
    }
    return parts;
}

Tensors join_detector(const DetectorWeights& parts) {
    Tensors tensors = parts.first;
    for (const auto& [name, tensor] : parts.close_up)
        tensors[std::string(kCloseUpPrefix) + name] = tensor;
    return tensors;
}

std::unique_ptr<face::HeadNetwork> make_heads(std::shared_ptr<FaceDetector> network) {
    return std::make_unique<DetectorHeads>(std::move(network));
}

std::unique_ptr<face::Detector> make_detector(DetectorWeights parts, const DetectorLimits& limits,
                                              const torch::Device& device,
                                              const std::filesystem::path& file) {
    const auto ready = [&](auto network, Tensors tensors) {
        load_weights(*network, std::move(tensors), file);
        network->to(device);
        prepare_inference(*network);
        return network;
    };
    auto first = ready(std::make_shared<FaceDetector>(), std::move(parts.first));
    if (parts.close_up.empty())
        return face::make_detector(make_heads(std::move(first)), limits.alone);
    return face::make_closer(
        face::make_detector(make_heads(std::move(first)), limits.first),
        make_look(ready(std::make_shared<CloseUpNetwork>(), std::move(parts.close_up))),
        limits.close_up, kSquare);
}

std::unique_ptr<face::Detector> load_detector(const std::filesystem::path& weights,
                                              const DetectorLimits& limits,
                                              const torch::Device& device) {
    return make_detector(split_detector(read_safetensors(weights)), limits, device, weights);
}

std::unique_ptr<face::Detector> load_detector(const std::filesystem::path& folder,
                                              const DetectorEntry& entry,
                                              const torch::Device& device) {
    const auto file = folder / entry.model.file;
    return entry.kind == "yunet" ? face::make_yunet(file)
                                 : load_detector(file, DetectorLimits{}, device);
}

}  // namespace lowkey::model
