#include "model/lpips_network.h"

#include <torch/nn/modules/conv.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace lowkey::model {
namespace {

enum class Kind { conv, fire, pool, tap };

struct Layer {
    Kind kind;
    // Out; of a fire module, each of its two halves; of a tap, those that its linear map makes, or
    // 0: a weight for each channel.
    int channels = 0;
    int kernel = 3, stride = 1, padding = 1;
    int squeeze = 0;
};

constexpr Layer conv(int channels, int kernel = 3, int stride = 1, int padding = 1) {
    return {Kind::conv, channels, kernel, stride, padding, 0};
}
constexpr Layer fire(int squeeze, int half) {
    return {Kind::fire, half, 3, 1, 1, squeeze};
}
constexpr Layer pool(int kernel) {
    return {Kind::pool, 0, kernel, 2, 0, 0};
}
constexpr Layer kTap{Kind::tap};
constexpr Layer mapped_tap(int channels) {
    return {Kind::tap, channels};
}

struct Backbone {
    bool ceil_pool;
    std::vector<Layer> layers;
};

const Backbone& find_backbone(const std::string& name) {
    static const std::map<std::string, Backbone> kBackbones{
        {"squeeze",
         {true,
          {conv(64, 3, 2, 0), kTap, pool(3), fire(16, 64), fire(16, 64), kTap, pool(3),
           fire(32, 128), fire(32, 128), kTap, pool(3), fire(48, 192), kTap, fire(48, 192), kTap,
           fire(64, 256), kTap, fire(64, 256), kTap}}},
        {"alex",
         {false,
          {conv(64, 11, 4, 2), kTap, pool(3), conv(192, 5, 1, 2), kTap, pool(3), conv(384), kTap,
           conv(256), kTap, conv(256), kTap}}},
        {"vgg", {false, {conv(64),  conv(64),  kTap,      pool(2),   conv(128), conv(128),
                         kTap,      pool(2),   conv(256), conv(256), conv(256), kTap,
                         pool(2),   conv(512), conv(512), conv(512), kTap,      pool(2),
                         conv(512), conv(512), conv(512), kTap}}},
        // Our own, trained to give the distances of "squeeze": the same grids, because their maps
        // are compared, but narrow where pixels are many and dense where they are few.
        {"lowkey",
         {true,
          {conv(40, 3, 2, 0), mapped_tap(24), pool(3), conv(48), conv(48), mapped_tap(32), pool(3),
           conv(72), conv(72), mapped_tap(48), pool(3), conv(128), mapped_tap(88), conv(128),
           mapped_tap(88), conv(128), mapped_tap(64)}}},
    };
    return kBackbones.at(name);
}

torch::nn::Conv2d make_conv(int in, int out, int kernel, int stride, int padding) {
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(padding));
}

torch::Tensor enlarged(const torch::Tensor& x) {
    const auto shorter = std::min(x.size(2), x.size(3));
    if (shorter >= kMinPerceptualSide) return x;
    const double factor = static_cast<double>(kMinPerceptualSide) / static_cast<double>(shorter);
    const auto side = [factor](std::int64_t length) {
        return static_cast<std::int64_t>(std::lround(static_cast<double>(length) * factor));
    };
    return torch::upsample_bilinear2d(x, {side(x.size(2)), side(x.size(3))}, false);
}

class Lpips : public Perceptual {
  public:
    Lpips(std::shared_ptr<LpipsNetwork> network, double factor)
        : network_(std::move(network)), factor_(factor) {}

    torch::Tensor distance(const torch::Tensor& a, const torch::Tensor& b) override {
        return distance_to(network_->features(a), b);
    }
    std::vector<torch::Tensor> prepare(const torch::Tensor& clean) override {
        const torch::NoGradGuard no_grad;
        return network_->features(clean);
    }
    torch::Tensor distance_to(const std::vector<torch::Tensor>& prepared,
                              const torch::Tensor& b) override {
        return network_->distance(prepared, network_->features(b)) * factor_;
    }

  private:
    std::shared_ptr<LpipsNetwork> network_;
    double factor_;
};

}  // namespace

struct LpipsNetwork::Step {
    Layer layer;
    bool ceil_pool = false;
    torch::nn::Conv2d conv{nullptr};  // of a fire module: its squeeze
    torch::nn::Conv2d expand1{nullptr}, expand3{nullptr};
};

LpipsNetwork::LpipsNetwork(const std::string& backbone, double width) {
    const auto scaled = [width](int channels) {
        return std::max(2, static_cast<int>(std::lround(channels * width)));
    };
    const auto& [ceil_pool, layers] = find_backbone(backbone);
    const auto features =
        register_module("features", std::make_shared<torch::nn::Module>("features"));
    int channels = 3, index = 0;
    for (const auto& layer : layers) {
        auto step = std::make_shared<Step>();
        step->layer = layer;
        step->ceil_pool = ceil_pool;
        const auto name = std::to_string(index);
        switch (layer.kind) {
            case Kind::conv:
                step->conv = features->register_module(
                    name, make_conv(channels, scaled(layer.channels), layer.kernel, layer.stride,
                                    layer.padding));
                channels = scaled(layer.channels);
                index += 2;  // torchvision counts the ReLU as a layer
                break;
            case Kind::fire: {
                const auto module =
                    features->register_module(name, std::make_shared<torch::nn::Module>(name));
                const int squeezed = scaled(layer.squeeze), half = scaled(layer.channels);
                step->conv =
                    module->register_module("squeeze", make_conv(channels, squeezed, 1, 1, 0));
                step->expand1 =
                    module->register_module("expand1x1", make_conv(squeezed, half, 1, 1, 0));
                step->expand3 =
                    module->register_module("expand3x3", make_conv(squeezed, half, 3, 1, 1));
                channels = 2 * half;
                ++index;
                break;
            }
            case Kind::pool:
                ++index;
                break;
            case Kind::tap: {
                const auto tap = "lin" + std::to_string(linear_.size());
                const auto module = register_module(tap, std::make_shared<torch::nn::Module>(tap));
                const int mapped = scaled(layer.channels);
                linear_.push_back(module->register_parameter(
                    "weight", layer.channels == 0
                                  ? torch::ones({1, channels, 1, 1}) / channels
                                  : torch::randn({mapped, channels, 1, 1}) / mapped));
                break;
            }
        }
        steps_.push_back(std::move(step));
    }
    // Published constants for pictures in [-1, 1].
    shift_ = torch::tensor({-.030, -.088, -.188}).view({1, 3, 1, 1});
    scale_ = torch::tensor({.458, .448, .450}).view({1, 3, 1, 1});
}

torch::Tensor LpipsNetwork::run(const Step& step, const torch::Tensor& x) {
    const auto& layer = step.layer;
    switch (layer.kind) {
        case Kind::conv:
            return torch::relu(step.conv.ptr()->forward(x));
        case Kind::fire: {
            const auto y = torch::relu(step.conv.ptr()->forward(x));
            return torch::cat({torch::relu(step.expand1.ptr()->forward(y)),
                               torch::relu(step.expand3.ptr()->forward(y))},
                              1);
        }
        case Kind::pool:
            return torch::max_pool2d(x, layer.kernel, layer.stride, 0, 1, step.ceil_pool);
        case Kind::tap:
            break;
    }
    return x;
}

std::vector<torch::Tensor> LpipsNetwork::features(const torch::Tensor& pictures) {
    std::vector<torch::Tensor> taps;
    auto x = enlarged(pictures) * 2 - 1;
    x = (x - shift_.to(x.options())) / scale_.to(x.options());
    x = x.contiguous(torch::MemoryFormat::ChannelsLast);
    for (const auto& step : steps_) {
        if (step->layer.kind != Kind::tap) {
            x = run(*step, x);
            continue;
        }
        // Where all channels are zero the root has no gradient; the floor keeps it finite.
        const auto length = x.square().sum(1, true).clamp_min(1e-20).sqrt();
        const auto unit = x / (length + 1e-10);
        taps.push_back(step->layer.channels == 0 ? unit
                                                 : torch::conv2d(unit, linear_[taps.size()]));
    }
    return taps;
}

std::vector<torch::Tensor> LpipsNetwork::scaled_features(const torch::Tensor& pictures) {
    auto taps = features(pictures);
    for (std::size_t i = 0; i < taps.size(); ++i) {
        if (linear_[i].size(0) == 1) taps[i] = taps[i] * linear_[i].sqrt();
    }
    return taps;
}

std::vector<torch::Tensor> LpipsNetwork::maps(const std::vector<torch::Tensor>& a,
                                              const std::vector<torch::Tensor>& b) {
    std::vector<torch::Tensor> maps;
    for (std::size_t i = 0; i < linear_.size(); ++i) {
        const auto square = (a[i] - b[i]).square();
        maps.push_back(linear_[i].size(0) == 1 ? (square * linear_[i]).sum(1) : square.sum(1));
    }
    return maps;
}

torch::Tensor LpipsNetwork::distance(const std::vector<torch::Tensor>& a,
                                     const std::vector<torch::Tensor>& b) {
    torch::Tensor sum;
    for (const auto& map : maps(a, b)) {
        const auto part = map.mean({1, 2});
        sum = sum.defined() ? sum + part : part;
    }
    return sum;
}

std::unique_ptr<Perceptual> make_perceptual(std::shared_ptr<LpipsNetwork> network, double factor) {
    return std::make_unique<Lpips>(std::move(network), factor);
}

}  // namespace lowkey::model
