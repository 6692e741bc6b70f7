#include "convert/random.h"

#include "model/arch/network.h"
#include "model/checksum.h"
#include "model/lpips_network.h"
#include "model/manifest.h"
#include "model/weights.h"

namespace lowkey::convert {
namespace {

// Smooth coloured noise at several scales: enough like pictures to set the statistics of layers.
torch::Tensor noise_pictures(int count, model::InputSize size) {
    auto pictures = torch::zeros({count, 3, size.height, size.width});
    for (const int cells : {2, 5, 12, 40}) {
        pictures += torch::upsample_bilinear2d(torch::randn({count, 3, cells, cells}),
                                               {size.height, size.width}, false);
    }
    return torch::sigmoid(pictures);
}

// Without running statistics of its own layers a random network answers every picture alike.
void calibrate(model::Network& network, model::InputSize size) {
    const torch::NoGradGuard no_grad;
    for (const auto& module : network.modules()) {
        // A plain mean over the batches.
        if (auto* bn = module->as<torch::nn::BatchNorm2d>()) bn->options.momentum().reset();
        if (auto* bn = module->as<torch::nn::BatchNorm1d>()) bn->options.momentum().reset();
    }
    network.train();
    for (int batch = 0; batch < 4; ++batch) network.forward(noise_pictures(16, size) * 2 - 1);
    network.eval();
}

model::PackFile write_weights(const std::filesystem::path& out, const std::string& name,
                              const torch::nn::Module& network) {
    model::PackFile file{name + ".safetensors", {}, {}, {}};
    model::write_safetensors(out / file.file, model::weights_of(network, model::Storage::float16));
    file.sha256 = model::sha256(out / file.file);
    return file;
}

}  // namespace

void random_pack(const std::filesystem::path& out, std::uint64_t seed) {
    std::error_code ignored;  // a folder that cannot be made fails at the first file, with its name
    std::filesystem::create_directories(out, ignored);
    torch::manual_seed(seed);
    model::Manifest manifest{
        "random", "CC0-1.0", "random numbers of lowkey-pack random, seed " + std::to_string(seed),
        {},       {},        {}};
    const std::pair<const char*, nlohmann::json> networks[] = {
        {"random-narrow",
         {{"name", "mobilefacenet"}, {"width", 0.25}, {"blocks", {1, 1, 1}}, {"embedding", 64}}},
        {"random-wide",
         {{"name", "mobilefacenet"}, {"width", 0.375}, {"blocks", {1, 2, 1}}, {"embedding", 64}}},
        {"random-vit",
         {{"name", "vit"},
          {"patch", 16},
          {"width", 64},
          {"depth", 2},
          {"heads", 2},
          {"mlp", 2},
          {"embedding", 64}}},
    };
    for (const auto& [name, architecture] : networks) {
        const model::InputSize size;
        auto network = model::make_network(architecture, size);
        model::initialise(*network);
        calibrate(*network, size);
        model::RecogniserEntry entry;
        entry.name = name;
        entry.architecture = architecture;
        entry.weights = write_weights(out, name, *network);
        manifest.recognisers.push_back(entry);
    }
    constexpr double kWidth = 0.25;
    const auto perceptual = std::make_shared<model::LpipsNetwork>("squeeze", kWidth);
    model::initialise(*perceptual);
    {
        const torch::NoGradGuard no_grad;
        for (auto& item : perceptual->named_parameters()) {
            // Negative weights of the linear layers would make negative distances.
            if (item.key().starts_with("lin")) item.value().uniform_(0, 2.0 / item.value().size(1));
        }
    }
    manifest.perceptual = {"squeeze", kWidth, write_weights(out, "random-lpips", *perceptual)};
    model::write_manifest(out, manifest);
}

}  // namespace lowkey::convert
