#include "train/grow.h"

#include <gtest/gtest.h>

#include "lowkey/error.h"
#include "model/arch/network.h"
#include "model/weights.h"

namespace lowkey::train {
namespace {

std::shared_ptr<model::Network> network_of(const nlohmann::json& architecture) {
    auto network = model::make_network(architecture, {});
    model::initialise(*network);
    network->eval();
    return network;
}

// Statistics as after some training, so that normalisation is no identity.
void look_at_noise(model::Network& network) {
    const torch::NoGradGuard no_gradient;
    network.train();
    for (int i = 0; i < 3; ++i) network.forward(torch::randn({8, 3, 112, 112}) * 0.5);
    network.eval();
}

double relative_change(const nlohmann::json& smaller, const nlohmann::json& larger,
                       bool silence = false) {
    torch::manual_seed(5);
    const torch::NoGradGuard no_gradient;
    const auto small = network_of(smaller), large = network_of(larger);
    look_at_noise(*small);
    const auto known = model::weights_of(*small, model::Storage::float32);
    auto weights = grown(known, *large);
    if (silence) silence_new_blocks(weights, known);
    model::load_weights(*large, weights, "grown");
    const torch::Tensor x = torch::randn({4, 3, 112, 112});
    const torch::Tensor before = small->forward(x), after = large->forward(x);
    return ((after - before).norm() / before.norm()).item<double>();
}

nlohmann::json with(nlohmann::json architecture, const std::string& key,
                    const nlohmann::json& value) {
    architecture[key] = value;
    return architecture;
}

TEST(Grow, ANetworkOfTwiceTheWidthGivesTheSame) {
    const nlohmann::json mobile{
        {"name", "mobileface_v2"}, {"width", 0.5}, {"blocks", {1, 1, 1, 1}}, {"embedding", 32}};
    EXPECT_LT(relative_change(mobile, with(mobile, "width", 1)), 1e-4);
    const nlohmann::json residual{{"name", "resnet"},
                                  {"width", 0.125},
                                  {"blocks", {1, 2, 1, 1}},
                                  {"head", "depthwise"},
                                  {"embedding", 32}};
    EXPECT_LT(relative_change(residual, with(residual, "width", 0.25)), 1e-4);
}

TEST(Grow, ADeeperResnetGivesTheSame) {
    const nlohmann::json shallow{
        {"name", "resnet"}, {"width", 0.125}, {"blocks", {1, 1, 1, 1}}, {"embedding", 32}};
    const auto deep = with(shallow, "blocks", {1, 2, 3, 1});
    EXPECT_LT(relative_change(shallow, deep, true), 1e-5);
    EXPECT_GT(relative_change(shallow, deep), 0.05) << "or the test shows nothing";
}

TEST(Grow, AnotherEmbeddingBeginsWithAHeadOfItsOwn) {
    torch::manual_seed(8);
    const nlohmann::json narrow{
        {"name", "resnet"}, {"width", 0.125}, {"blocks", {1, 1, 1, 1}}, {"embedding", 32}};
    const auto small = network_of(narrow), large = network_of(with(narrow, "embedding", 48));
    auto known = model::weights_of(*small, model::Storage::float32);
    leave_out_head(known);
    const auto own = model::weights_of(*large, model::Storage::float32);
    const auto weights = grown(known, *large);
    model::load_weights(*large, weights, "grown");
    EXPECT_TRUE(torch::equal(weights.at("fc.weight"), own.at("fc.weight")));
    EXPECT_TRUE(
        torch::equal(weights.at("layer4.0.conv2.weight"), known.at("layer4.0.conv2.weight")));
}

TEST(Grow, ADeeperTransformerGivesTheSame) {
    const nlohmann::json transformer{{"name", "vit"},  {"stem", "conv"}, {"width", 32},
                                     {"depth", 2},     {"heads", 2},     {"mlp", 2},
                                     {"embedding", 32}};
    EXPECT_LT(relative_change(transformer, with(transformer, "depth", 4), true), 1e-4);
    EXPECT_GT(relative_change(transformer, with(transformer, "depth", 4)), 1e-2);
}

TEST(Grow, CopiesPassOnDifferently) {
    torch::manual_seed(6);
    const nlohmann::json mobile{
        {"name", "mobileface_v2"}, {"width", 0.5}, {"blocks", {0, 0, 0, 0}}, {"embedding", 8}};
    const auto small = network_of(mobile), large = network_of(with(mobile, "width", 1));
    const auto weights = grown(model::weights_of(*small, model::Storage::float32), *large);
    const torch::Tensor expand = weights.at("blocks.0.expand.conv.weight");
    const auto half = expand.size(1) / 2;
    EXPECT_GT((expand.narrow(1, 0, half) - expand.narrow(1, half, half)).abs().max().item<double>(),
              1e-3);
}

TEST(Grow, WhatTheSmallerLacksStaysAsItWas) {
    torch::manual_seed(7);
    const nlohmann::json full{
        {"name", "resnet"}, {"width", 0.125}, {"blocks", {1, 1, 1, 1}}, {"embedding", 8}};
    const auto small = network_of(full), large = network_of(with(full, "head", "depthwise"));
    auto known = model::weights_of(*small, model::Storage::float32);
    EXPECT_THROW(grown(known, *large), Error);  // the full head is wider
    known.erase("fc.weight");
    const auto own = model::weights_of(*large, model::Storage::float32);
    const auto weights = grown(known, *large);
    EXPECT_TRUE(torch::equal(weights.at("fc.weight"), own.at("fc.weight")));
    EXPECT_TRUE(torch::equal(weights.at("global.weight"), own.at("global.weight")));
    EXPECT_FALSE(torch::equal(weights.at("conv1.weight"), own.at("conv1.weight")));
}

TEST(Grow, ADeeperNetworkIsNoSmallerOne) {
    const nlohmann::json deep{{"name", "vit"}, {"width", 32}, {"depth", 2}, {"heads", 2}};
    const auto smaller = network_of(with(deep, "depth", 1));
    const auto weights =
        grown(model::weights_of(*network_of(deep), model::Storage::float32), *smaller);
    EXPECT_THROW(model::load_weights(*smaller, weights, "grown"), Error);
}

TEST(Grow, BlocksAreLeftOutWhereThatIsAskedFor) {
    const nlohmann::json deep{
        {"name", "resnet"}, {"width", 0.125}, {"blocks", {1, 2, 1, 2}}, {"embedding", 8}};
    const auto large = network_of(deep), small = network_of(with(deep, "blocks", {1, 1, 1, 1}));
    auto weights = model::weights_of(*large, model::Storage::float32);
    const auto before = weights;
    weights["stranger.weight"] = torch::zeros({1});
    weights["layer4.0.stranger.weight"] = torch::zeros({1});
    leave_out_missing_blocks(weights, *small);
    EXPECT_EQ(weights.count("stranger.weight"), 1U) << "no block, so loading refuses it";
    EXPECT_EQ(weights.erase("layer4.0.stranger.weight"), 1U) << "of a block that is there";
    weights.erase("stranger.weight");
    model::load_weights(*small, weights, "shortened");
    const auto own = model::weights_of(*small, model::Storage::float32);
    EXPECT_TRUE(torch::equal(own.at("layer4.0.conv2.weight"), before.at("layer4.0.conv2.weight")));
}

TEST(Grow, SaysWhichTensorDoesNotFit) {
    const nlohmann::json mobile{{"name", "mobileface_v2"}, {"width", 1}, {"embedding", 24}};
    const auto small = network_of(mobile), large = network_of(with(mobile, "embedding", 32));
    try {
        grown(model::weights_of(*small, model::Storage::float32), *large);
        FAIL() << "grew by a third";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::pack);
        EXPECT_NE(std::string(error.what()).find("embedding"), std::string::npos);
    }
}

}  // namespace
}  // namespace lowkey::train
