#include "model/network_recogniser.h"

namespace lowkey::model {
namespace {

torch::Tensor per_channel(const std::array<double, 3>& values,
                          const torch::TensorOptions& options) {
    return torch::tensor({values[0], values[1], values[2]}, torch::kFloat64)
        .view({1, 3, 1, 1})
        .to(options);
}

class NetworkRecogniser : public Recogniser {
  public:
    NetworkRecogniser(const RecogniserEntry& entry, std::shared_ptr<Network> network)
        : network_(std::move(network)), bgr_(entry.preprocessing.bgr), mirror_(entry.mirror) {
        name_ = entry.name;
        crop_ = entry.crop;
        period_ = entry.period;
        const auto options = network_->parameters().front().options().requires_grad(false);
        const auto& p = entry.preprocessing;
        std::array<double, 3> gain{}, shift{};
        for (std::size_t c = 0; c < 3; ++c) {
            gain[c] = 255 / p.deviation[c];
            shift[c] = p.mean[c] / p.deviation[c];
        }
        gain_ = per_channel(gain, options);
        shift_ = per_channel(shift, options);
    }

    torch::Tensor embed(const torch::Tensor& crops) override {
        auto x = bgr_ ? crops.flip({1}) : crops;
        x = x * gain_ - shift_;
        if (mirror_) x = torch::cat({x, x.flip({3})});
        auto y = network_->forward(x.contiguous(torch::MemoryFormat::ChannelsLast));
        if (mirror_) {
            const auto halves = y.chunk(2);
            y = halves[0] + halves[1];
        }
        return unit_length(y);
    }

  private:
    std::shared_ptr<Network> network_;
    bool bgr_, mirror_;
    torch::Tensor gain_, shift_;
};

}  // namespace

std::unique_ptr<Recogniser> make_recogniser(const RecogniserEntry& entry,
                                            std::shared_ptr<Network> network) {
    prepare_inference(*network);
    return std::make_unique<NetworkRecogniser>(entry, std::move(network));
}

}  // namespace lowkey::model
