#include "model/pack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <torch/script.h>

#include <nlohmann/json.hpp>

#include "convert/random.h"
#include "expect_error.h"
#include "model/checksum.h"
#include "model/manifest.h"
#include "model/network_recogniser.h"
#include "model/weights.h"
#include "temporary_folder.h"

namespace lowkey::model {
namespace {

using lowkey::testing::expect_error;
using lowkey::testing::read_text;
using lowkey::testing::TemporaryFolder;
using lowkey::testing::write_text;

class RandomPack : public ::testing::Test {
  protected:
    void SetUp() override { convert::random_pack(folder_.path(), 1); }
    // Changes the manifest, hashes kept right.
    template <typename Change>
    void change_manifest(const Change& change) {
        auto manifest = read_manifest(folder_.path());
        change(manifest);
        for (auto& entry : manifest.recognisers)
            entry.weights.sha256 = sha256(folder_ / entry.weights.file);
        write_manifest(folder_.path(), manifest);
    }
    void expect_refused(const std::string& words) {
        expect_error(ErrorKind::pack, words, [&] { load_pack(folder_.path(), torch::kCPU); });
    }
    TemporaryFolder folder_;
};

TEST_F(RandomPack, EmbedsWithUnitLengthAndAGradientEverywhere) {
    const auto pack = load_pack(folder_.path(), torch::kCPU);
    ASSERT_EQ(pack.recognisers.size(), 3U);
    ASSERT_NE(pack.perceptual, nullptr);
    EXPECT_EQ(pack.detector, nullptr);
    torch::manual_seed(1);
    for (const auto& recogniser : pack.recognisers) {
        auto crops = torch::rand({2, 3, 112, 112}).set_requires_grad(true);
        const auto y = recogniser->embed(crops);
        EXPECT_TRUE(torch::allclose(y.norm(2, 1), torch::ones({2}))) << recogniser->name();
        (y[0] * torch::randn({y.size(1)})).sum().backward();
        EXPECT_GT((crops.grad()[0] != 0).to(torch::kFloat32).mean().item<float>(), 0.99F)
            << recogniser->name();
        EXPECT_EQ(crops.grad()[1].abs().max().item<float>(), 0)
            << recogniser->name() << ": pictures mix";
        EXPECT_TRUE(torch::isfinite(crops.grad()).all().item<bool>());
    }
}

TEST_F(RandomPack, IsSmallAndSeeded) {
    std::uintmax_t bytes = 0;
    for (const auto& item : std::filesystem::directory_iterator(folder_.path()))
        bytes += item.file_size();
    EXPECT_LT(bytes, 2'000'000U);
    const TemporaryFolder same, other;
    convert::random_pack(same.path(), 1);
    convert::random_pack(other.path(), 2);
    EXPECT_EQ(read_text(same / "random-vit.safetensors"),
              read_text(folder_ / "random-vit.safetensors"));
    EXPECT_NE(read_text(other / "random-vit.safetensors"),
              read_text(folder_ / "random-vit.safetensors"));
}

TEST_F(RandomPack, GradientIsThatOfCentralDifferencesInFloat64) {
    const auto pack = load_pack(folder_.path(), torch::kCPU, torch::kFloat64);
    torch::manual_seed(1);
    for (const auto& recogniser : pack.recognisers) {
        auto crops = torch::rand({1, 3, 112, 112}, torch::kFloat64).set_requires_grad(true);
        const auto weights = torch::randn({1, 64}, torch::kFloat64);
        const auto value = [&](const torch::Tensor& x) {
            return (recogniser->embed(x) * weights).sum();
        };
        value(crops).backward();
        const torch::NoGradGuard no_grad;
        const auto direction = torch::randn_like(crops);
        constexpr double kStep = 1e-7;
        const double numeric =
            (value(crops + kStep * direction) - value(crops - kStep * direction)).item<double>() /
            (2 * kStep);
        EXPECT_NEAR((crops.grad() * direction).sum().item<double>(), numeric,
                    1e-4 * std::abs(numeric) + 1e-7)
            << recogniser->name();
    }
}

// The published scripts kept one module for an architecture, and lost half of their ensemble.
TEST_F(RandomPack, TwoRecognisersOfOneArchitectureRemainTwoNetworks) {
    const TemporaryFolder second;
    convert::random_pack(second.path(), 2);
    std::filesystem::copy_file(second / "random-narrow.safetensors", folder_ / "other.safetensors");
    change_manifest([](Manifest& manifest) {
        auto copy = manifest.recognisers[0];
        copy.name = "other";
        copy.weights.file = "other.safetensors";
        manifest.recognisers.push_back(copy);
    });
    const auto pack = load_pack(folder_.path(), torch::kCPU);
    const auto alone = load_pack(second.path(), torch::kCPU);
    const auto x = torch::rand({1, 3, 112, 112});
    const auto first = pack.recognisers[0]->embed(x), last = pack.recognisers[3]->embed(x);
    EXPECT_LT((first * last).sum().item<float>(), 0.9F);
    EXPECT_TRUE(torch::equal(last, alone.recognisers[0]->embed(x)));
}

TEST_F(RandomPack, MirrorAddsTheMirroredEmbedding) {
    const auto plain = load_pack(folder_.path(), torch::kCPU);
    change_manifest([](Manifest& manifest) {
        for (auto& entry : manifest.recognisers) entry.mirror = true;
    });
    const auto mirrored = load_pack(folder_.path(), torch::kCPU);
    const auto x = torch::rand({2, 3, 112, 112});
    const auto y = mirrored.recognisers[0]->embed(x);
    EXPECT_TRUE(torch::allclose(y, mirrored.recognisers[0]->embed(x.flip({3})), 1e-4, 1e-5));
    EXPECT_FALSE(torch::allclose(y, plain.recognisers[0]->embed(x), 1e-2, 1e-2));
}

TEST_F(RandomPack, PreprocessingIsAsTheManifestSays) {
    const auto plain = load_pack(folder_.path(), torch::kCPU);
    change_manifest([](Manifest& manifest) {
        for (auto& entry : manifest.recognisers) {
            entry.preprocessing.bgr = true;
            entry.preprocessing.mean = {10, 20, 30};
            entry.preprocessing.deviation = {40, 50, 60};
        }
    });
    const auto changed = load_pack(folder_.path(), torch::kCPU);
    const auto x = torch::rand({1, 3, 112, 112});
    // The plain pack computes (255 x - 127.5) / 127.5; feed it what gives the same network input.
    const auto constant = [](double a, double b, double c) {
        return torch::tensor({a, b, c}, torch::kFloat32).view({1, 3, 1, 1});
    };
    const auto input = (x.flip({1}) * 255 - constant(10, 20, 30)) / constant(40, 50, 60);
    const auto expected = plain.recognisers[1]->embed((input + 1) / 2);
    EXPECT_TRUE(torch::allclose(changed.recognisers[1]->embed(x), expected, 1e-3, 1e-4));
}

TEST_F(RandomPack, AWrongHashIsRefused) {
    auto bytes = read_text(folder_ / "random-vit.safetensors");
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_text(folder_ / "random-vit.safetensors", bytes);
    expect_refused("random-vit.safetensors");
    expect_refused("wrong SHA-256");
}

TEST_F(RandomPack, AMissingFileIsRefused) {
    std::filesystem::remove(folder_ / "random-lpips.safetensors");
    expect_refused("random-lpips.safetensors");
}

TEST_F(RandomPack, WeightsThatDoNotFitAreRefused) {
    change_manifest([](Manifest& manifest) {
        manifest.recognisers[0].architecture["blocks"] = {1, 1, 2};
    });
    expect_refused("is missing");
    change_manifest([](Manifest& manifest) {
        manifest.recognisers[0].architecture["blocks"] = {1, 1, 0};
    });
    expect_refused("belongs to no layer");
    change_manifest([](Manifest& manifest) {
        manifest.recognisers[0].architecture["blocks"] = {1, 1, 1};
        manifest.recognisers[0].architecture["embedding"] = 32;
    });
    expect_refused("another shape");
    change_manifest(
        [](Manifest& manifest) { manifest.recognisers[0].architecture["name"] = "unheard-of"; });
    expect_refused("unheard-of");
}

TEST_F(RandomPack, WeightsThatAreNotNumbersAreRefused) {
    auto tensors = read_safetensors(folder_ / "random-narrow.safetensors");
    tensors.at("head.conv.weight")[0] = std::nan("");
    write_safetensors(folder_ / "random-narrow.safetensors", tensors);
    change_manifest([](Manifest&) {});
    expect_refused("not finite");
}

// Every weight is a number, and the square root of this one is none.
TEST_F(RandomPack, ANetworkThatAnswersWithNoNumbersIsRefused) {
    auto tensors = read_safetensors(folder_ / "random-narrow.safetensors");
    bool changed = false;
    for (auto& [name, tensor] : tensors) {
        if (!name.ends_with("running_var")) continue;
        tensor.fill_(-1);
        changed = true;
    }
    ASSERT_TRUE(changed);
    write_safetensors(folder_ / "random-narrow.safetensors", tensors);
    change_manifest([](Manifest&) {});
    expect_refused("tells no faces apart");
}

TEST_F(RandomPack, PipesAreRefusedAndNotWaitedFor) {
    const auto weights = folder_ / "pipe.safetensors";
    ASSERT_EQ(::mkfifo(weights.c_str(), 0600), 0);
    expect_error(ErrorKind::pack, "cannot be opened", [&] { read_safetensors(weights); });
    std::filesystem::remove(folder_ / "manifest.json");
    ASSERT_EQ(::mkfifo((folder_ / "manifest.json").c_str(), 0600), 0);
    expect_refused("not a model pack");
}

TEST_F(RandomPack, AnInputThatTheNetworkCannotTakeIsRefused) {
    change_manifest([](Manifest& manifest) { manifest.recognisers[2].crop.width = 100; });
    expect_refused("patch");
}

TEST(Weights, Float16KeepsStatisticsAndLargeValues) {
    const auto network = make_network({{"name", "mobilefacenet"}, {"width", 0.25}}, {});
    const auto tensors = weights_of(*network, Storage::float16);
    EXPECT_EQ(tensors.at("stem.conv.weight").scalar_type(), torch::kFloat16);
    EXPECT_EQ(tensors.at("stem.bn.weight").scalar_type(), torch::kFloat16);
    EXPECT_EQ(tensors.at("stem.bn.running_var").scalar_type(), torch::kFloat32);
    {
        const torch::NoGradGuard no_grad;
        network->named_parameters()["stem.conv.weight"][0].fill_(1e5);
    }
    EXPECT_EQ(weights_of(*network, Storage::float16).at("stem.conv.weight").scalar_type(),
              torch::kFloat32);
}

class TorchScript : public ::testing::Test {
  protected:
    std::filesystem::path save(const std::string& forward) {
        torch::jit::Module module("m");
        module.define(forward);
        module.save((folder_ / "own.pt").string());
        return folder_ / "own.pt";
    }
    TemporaryFolder folder_;
};

TEST_F(TorchScript, ANamedFileIsARecogniser) {
    const auto file = save("def forward(self, x):\n  return x.mean([2, 3]) + 2.0\n");
    const auto recogniser = load_torchscript(file, torch::kCPU);
    EXPECT_EQ(recogniser->name(), "own");
    EXPECT_EQ(recogniser->crop(), face::CropGeometry{});
    auto x = torch::full({1, 3, 112, 112}, 0.25).set_requires_grad(true);
    x.data().select(1, 0).fill_(1);  // red: 1 + 2 = 3, the others: -0.5 + 2 = 1.5
    const auto y = recogniser->embed(x);
    EXPECT_TRUE(torch::allclose(y, torch::tensor({{3.0F, 1.5F, 1.5F}}) / std::sqrt(13.5F)));
    y[0][0].backward();
    EXPECT_GT(x.grad().abs().min().item<float>(), 0);
}

TEST_F(TorchScript, OtherFilesAreRefused) {
    write_text(folder_ / "text.pt", "not a model");
    expect_error(ErrorKind::pack, "text.pt",
                 [&] { load_torchscript(folder_ / "text.pt", torch::kCPU); });
    expect_error(ErrorKind::pack, "does not exist",
                 [&] { load_torchscript(folder_ / "none.pt", torch::kCPU); });
    const auto flat = save("def forward(self, x):\n  return x.mean()\n");
    expect_error(ErrorKind::pack, "N x D", [&] { load_torchscript(flat, torch::kCPU); });
    const auto wide = save("def forward(self, x):\n  return x.view([1, 7])\n");
    expect_error(ErrorKind::pack, "cannot be run", [&] { load_torchscript(wide, torch::kCPU); });
    const auto no_number = save("def forward(self, x):\n  return x.mean([2, 3]) / 0.0 * 0.0\n");
    expect_error(ErrorKind::pack, "not finite", [&] { load_torchscript(no_number, torch::kCPU); });
    const auto fixed = save("def forward(self, x):\n  return x.mean([2, 3]).detach()\n");
    expect_error(ErrorKind::pack, "no gradient", [&] { load_torchscript(fixed, torch::kCPU); });
}

}  // namespace
}  // namespace lowkey::model
