#include <gtest/gtest.h>

#include "expect_error.h"
#include "model/arch/network.h"

namespace lowkey::model {
namespace {

using lowkey::testing::expect_error;

std::int64_t parameter_count(const Network& network) {
    std::int64_t count = 0;
    for (const auto& parameter : network.parameters()) count += parameter.numel();
    return count;
}

// Statistics as after training: nothing may be hidden by means of zero and variances of one.
void randomise_statistics(Network& network) {
    const torch::NoGradGuard no_grad;
    for (auto& item : network.named_buffers()) {
        if (item.key().ends_with("running_mean")) item.value().normal_(0, 0.1);
        if (item.key().ends_with("running_var")) item.value().uniform_(0.5, 2);
    }
    for (auto& item : network.named_parameters()) {
        if (item.value().dim() == 1) item.value().add_(torch::randn_like(item.value()) * 0.1);
    }
}

// Torchvision's counts without the classifier, and face.evoLVe's head on 4x4 positions.
std::int64_t resnet_count(std::int64_t torchvision) {
    const std::int64_t classifier = 2048 * 1000 + 1000;
    const std::int64_t head = 2 * 2048 + (2048 * 16 * 512 + 512) + 2 * 512;
    return torchvision - classifier + head;
}

// InsightFace's iresnet count, less what face.evoLVe's IR does not have: the normalisation between
// the two convolutions of a block and the 1x1 shortcut of the first stage.
std::int64_t ir_count(std::int64_t iresnet, const std::vector<int>& blocks) {
    const std::int64_t inner = 64 * blocks[0] + 128 * blocks[1] + 256 * blocks[2] + 512 * blocks[3];
    return iresnet - 2 * inner - (64 * 64 + 2 * 64);
}

TEST(Architectures, ParameterCountsAreThePublishedOnes) {
    const auto count = [](const nlohmann::json& architecture, InputSize size = {}) {
        return parameter_count(*make_network(architecture, size));
    };
    EXPECT_EQ(count({{"name", "resnet"}, {"depth", 50}}), resnet_count(25557032));
    EXPECT_EQ(count({{"name", "resnet"}, {"depth", 101}}), resnet_count(44549160));
    EXPECT_EQ(count({{"name", "resnet"}, {"depth", 152}}), resnet_count(60192808));
    EXPECT_NEAR(static_cast<double>(count({{"name", "ir"}, {"depth", 50}})),
                static_cast<double>(ir_count(43'590'000, {3, 4, 14, 3})), 5000);  // "43.59 M"
    EXPECT_EQ(count({{"name", "ir"}, {"depth", 100}}), ir_count(65'156'160, {3, 13, 30, 3}));
    // facenet-pytorch: 27,910,327 with the classifier of 8,631 people.
    EXPECT_EQ(count({{"name", "inception_resnet_v1"}}, {160, 160}), 27910327 - (512 * 8631 + 8631));
}

struct Case {
    const char* name;
    nlohmann::json architecture;
    InputSize size;
    int embedding;
};

std::vector<Case> cases() {
    return {
        {"MobileFaceNet", {{"name", "mobilefacenet"}}, {112, 112}, 128},
        {"MobileFaceNetNarrowInput", {{"name", "mobilefacenet"}, {"width", 0.5}}, {96, 112}, 128},
        {"MobileFaceV2", {{"name", "mobileface_v2"}}, {112, 112}, 256},
        {"IR18Half", {{"name", "ir"}, {"depth", 18}, {"width", 0.5}}, {112, 112}, 512},
        {"ResNetSmall",
         {{"name", "resnet"}, {"blocks", {1, 1, 1, 1}}, {"width", 0.25}, {"embedding", 64}},
         {128, 128},
         64},
        {"ResNetDepthwiseHead",
         {{"name", "resnet"},
          {"blocks", {1, 1, 1, 1}},
          {"width", 0.25},
          {"embedding", 64},
          {"head", "depthwise"}},
         {112, 112},
         64},
        {"Vit",
         {{"name", "vit"}, {"patch", 16}, {"width", 96}, {"depth", 3}, {"heads", 3}},
         {112, 112},
         256},
        {"VitWithStem",
         {{"name", "vit"},
          {"patch", 8},
          {"width", 64},
          {"depth", 2},
          {"heads", 2},
          {"stem", "conv"}},
         {96, 112},
         256},
        {"Inception", {{"name", "inception_resnet_v1"}}, {160, 160}, 512},
        {"InceptionHalf",
         {{"name", "inception_resnet_v1"}, {"width", 0.5}, {"embedding", 128}},
         {112, 112},
         128},
    };
}

class Architecture : public ::testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        torch::manual_seed(3);
        network_ = make_network(GetParam().architecture, GetParam().size);
        initialise(*network_);
        x_ = torch::randn({2, 3, GetParam().size.height, GetParam().size.width});
    }
    std::shared_ptr<Network> network_;
    torch::Tensor x_;
};

TEST_P(Architecture, FoldedEqualsUnfolded) {
    randomise_statistics(*network_);
    network_->eval();
    const torch::NoGradGuard no_grad;
    network_->to(torch::kFloat64);
    const auto x = x_.to(torch::kFloat64);
    const auto before = network_->forward(x);
    ASSERT_EQ(before.sizes(), (torch::IntArrayRef{2, GetParam().embedding}));
    fold(*network_);
    const auto after = network_->forward(x);
    EXPECT_LT((after - before).norm().item<double>(), 1e-10 * before.norm().item<double>());
    // Two pictures must not share an embedding: a dead network would pass everything else.
    EXPECT_GT((before[0] - before[1]).norm().item<double>(), 1e-3 * before.norm().item<double>());
}

// Every parameter has a finite gradient: all of it can be trained.
TEST_P(Architecture, CanBeTrained) {
    network_->train();
    const auto target = torch::randn({2, GetParam().embedding});
    const auto loss = torch::mse_loss(network_->forward(x_), target);
    loss.backward();
    for (const auto& item : network_->named_parameters()) {
        ASSERT_TRUE(item.value().grad().defined()) << item.key();
        EXPECT_TRUE(torch::isfinite(item.value().grad()).all().item<bool>()) << item.key();
    }
}

INSTANTIATE_TEST_SUITE_P(All, Architecture, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

// The full sizes, forward only: what they are made of is tested on narrow ones above.
TEST(Architectures, PublishedNetworksGiveTheirEmbedding) {
    const torch::NoGradGuard no_grad;
    for (const auto* name : {"ir", "resnet"}) {
        const auto network = make_network({{"name", name}, {"depth", 50}}, {});
        network->eval();
        fold(*network);
        const auto y = network->forward(torch::randn({1, 3, 112, 112}));
        EXPECT_EQ(y.sizes(), (torch::IntArrayRef{1, 512})) << name;
        EXPECT_TRUE(torch::isfinite(y).all().item<bool>()) << name;
    }
}

TEST(Architectures, FoldingLeavesOnlyWhatZeroPaddingForbids) {
    const auto network = make_network({{"name", "mobilefacenet"}, {"width", 0.25}}, {});
    network->eval();
    fold(*network);
    for (const auto& module : network->modules()) {
        EXPECT_EQ(module->as<torch::nn::BatchNorm2d>(), nullptr);
    }
}

TEST(Architectures, WrongParametersAreRefused) {
    const auto refused = [](const nlohmann::json& architecture, const char* words,
                            InputSize size = {}) {
        expect_error(ErrorKind::pack, words, [&] { make_network(architecture, size); });
    };
    refused({{"name", "transformer-xxl"}}, "unknown");
    refused({{"depth", 50}}, "\"name\" is missing");
    refused(nlohmann::json::array(), "JSON object");
    refused({{"name", "mobilefacenet"}, {"widht", 1}}, "\"widht\" is unknown");
    refused({{"name", "mobilefacenet"}, {"width", 1e9}}, "\"width\"");
    refused({{"name", "mobilefacenet"}, {"blocks", {1, 2}}}, "\"blocks\"");
    refused({{"name", "mobilefacenet"}, {"blocks", {1, 2, "x"}}}, "\"blocks\"");
    refused({{"name", "ir"}, {"depth", 51}}, "IR-51");
    refused({{"name", "resnet"}, {"depth", 100}}, "ResNet-100");
    refused({{"name", "vit"}, {"width", 100}, {"heads", 3}}, "multiple");
    refused({{"name", "vit"}, {"patch", 15}}, "patch");
    refused({{"name", "vit"}, {"patch", 14}, {"stem", "conv"}}, "power of two");
    refused({{"name", "inception_resnet_v1"}}, "80x80", {64, 64});
}

}  // namespace
}  // namespace lowkey::model
