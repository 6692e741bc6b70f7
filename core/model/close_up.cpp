#include "model/close_up.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "model/pixels.h"

namespace lowkey::model {
namespace {

constexpr std::ptrdiff_t kMostAtOnce = 64;

class NetworkLook : public face::CloseUpLook {
  public:
    explicit NetworkLook(std::shared_ptr<CloseUpNetwork> network)
        : network_(std::move(network)), device_(network_->parameters().front().device()) {}

    int side() const override { return kCloseUpSide; }

    std::vector<face::CloseUp> run(const std::vector<cv::Mat>& pictures) override {
        const torch::NoGradGuard no_grad;
        std::vector<face::CloseUp> looks;
        // A photo of a hundred megapixels can have a thousand places to look at.
        for (auto rest = pictures.begin(); rest != pictures.end();) {
            const auto end = rest + std::min<std::ptrdiff_t>(kMostAtOnce, pictures.end() - rest);
            look_at({rest, end}, looks);
            rest = end;
        }
        return looks;
    }

  private:
    void look_at(const std::vector<cv::Mat>& pictures, std::vector<face::CloseUp>& looks) {
        const auto x = pixels_of(pictures, device_);
        // What is seen in the mirror is as true: the mean of both is nearer to it.
        const auto seen = network_->forward(x),
                   mirrored = mirror_close_up(network_->forward(x.flip(3)));
        const auto answers = ((seen + mirrored) / 2).cpu();
        const auto values = answers.accessor<float, 2>();
        for (int64_t i = 0; i < answers.size(0); ++i) {
            face::CloseUp& look = looks.emplace_back();
            look.score = 1 / (1 + std::exp(-values[i][0]));
            for (int j = 0; j < 4; ++j) look.box[static_cast<std::size_t>(j)] = values[i][1 + j];
            for (int j = 0; j < 10; ++j)
                look.landmarks[static_cast<std::size_t>(j)] = values[i][5 + j];
        }
    }

    std::shared_ptr<CloseUpNetwork> network_;
    torch::Device device_;
};

}  // namespace

torch::Tensor mirror_close_up(const torch::Tensor& answers) {
    // Left eye and corner of the mouth become the right ones.
    static const auto order = torch::tensor({0, 1, 2, 3, 4, 7, 8, 5, 6, 9, 10, 13, 14, 11, 12});
    static const auto sign = torch::tensor(
        {1.F, -1.F, 1.F, 1.F, 1.F, -1.F, 1.F, -1.F, 1.F, -1.F, 1.F, -1.F, 1.F, -1.F, 1.F});
    return answers.index_select(1, order.to(answers.device())) * sign.to(answers.device());
}

std::unique_ptr<face::CloseUpLook> make_look(std::shared_ptr<CloseUpNetwork> network) {
    return std::make_unique<NetworkLook>(std::move(network));
}

}  // namespace lowkey::model
