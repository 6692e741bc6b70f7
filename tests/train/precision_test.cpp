#include "train/precision.h"

#include <gtest/gtest.h>

#include "model/arch/network.h"
#include "train/students.h"

namespace lowkey::train {
namespace {

torch::Tensor embed(model::Network& network, const torch::Tensor& x, Precision precision) {
    const PrecisionGuard guard(precision, torch::kCPU);
    return network.forward(x).to(torch::kFloat);
}

class PrecisionOf : public ::testing::TestWithParam<nlohmann::json> {};

double cosine(const torch::Tensor& a, const torch::Tensor& b) {
    return ((a * b).sum() / (a.norm() * b.norm())).item<double>();
}

TEST_P(PrecisionOf, Bfloat16GivesNearlyTheSameAndGradientsInFloat32) {
    torch::manual_seed(8);
    const auto network = model::make_network(GetParam(), {});
    model::initialise(*network);
    const torch::Tensor x =
        torch::randn({16, 3, 112, 112}).contiguous(torch::MemoryFormat::ChannelsLast);
    const torch::Tensor aim = torch::randn({16, GetParam().at("embedding").get<int64_t>()});
    std::vector<torch::Tensor> embeddings, gradients;
    for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
        network->zero_grad();
        embeddings.push_back(embed(*network, x, precision));
        (embeddings.back() * aim).sum().backward();
        std::vector<torch::Tensor> flat;
        for (const auto& values : network->parameters()) {
            EXPECT_EQ(values.grad().scalar_type(), torch::kFloat);
            flat.push_back(values.grad().flatten().clone());
        }
        gradients.push_back(torch::cat(flat));
    }
    EXPECT_FALSE(torch::equal(gradients[0], gradients[1]));  // else nothing was in bfloat16
    // At random weights, and the more the deeper, ReLUs' kinks make most of the difference.
    EXPECT_GT(cosine(embeddings[0], embeddings[1]), 0.9);
    EXPECT_GT(cosine(gradients[0], gradients[1]), 0.4);
}

std::vector<nlohmann::json> architectures() {
    std::vector<nlohmann::json> all;
    for (const StudentPlan& plan : student_plans()) all.push_back(plan.architecture);
    return all;
}

INSTANTIATE_TEST_SUITE_P(Students, PrecisionOf, ::testing::ValuesIn(architectures()));

TEST(Precision, ATeacherAnswersNearlyTheSame) {
    torch::manual_seed(9);
    const torch::NoGradGuard no_gradient;
    const auto network = model::make_network({{"name", "mobilefacenet"}}, {});
    model::initialise(*network);
    network->eval();
    const torch::Tensor x =
        torch::randn({4, 3, 112, 112}).contiguous(torch::MemoryFormat::ChannelsLast);
    const torch::Tensor exact = embed(*network, x, Precision::float32),
                        near = embed(*network, x, Precision::bfloat16);
    EXPECT_FALSE(torch::equal(exact, near));
    EXPECT_GT(cosine(exact, near), 0.99);
}

TEST(Precision, GuardsNest) {
    const torch::Tensor a = torch::randn({8, 8});
    const PrecisionGuard outer(Precision::bfloat16, torch::kCPU);
    { const PrecisionGuard inner(Precision::bfloat16, torch::kCPU); }
    EXPECT_EQ(a.matmul(a).scalar_type(), torch::kBFloat16);
}

TEST(Precision, EndsWithItsGuard) {
    const torch::Tensor a = torch::randn({8, 8});
    {
        const PrecisionGuard guard(Precision::bfloat16, torch::kCPU);
        EXPECT_EQ(a.matmul(a).scalar_type(), torch::kBFloat16);
    }
    EXPECT_EQ(a.matmul(a).scalar_type(), torch::kFloat);
}

}  // namespace
}  // namespace lowkey::train
