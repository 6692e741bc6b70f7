#include <gtest/gtest.h>

#include "train/teachers.h"

namespace lowkey::train {
namespace {

torch::Tensor unit_rows(const torch::Tensor& rows) {
    return rows / rows.norm(2, 1, true);
}

std::vector<torch::Tensor> two_teachers(int64_t views) {
    return {unit_rows(torch::randn({views, 6})), unit_rows(torch::randn({views, 4}))};
}

TEST(Target, CosinesAreTheTeachersWeightedMean) {
    torch::manual_seed(1);
    const auto seen = two_teachers(50);
    const Target target({"a", "b"}, seen, {{"a", 3}, {"b", 1}}, 10);
    const torch::Tensor given = target(seen);
    const torch::Tensor expected =
        seen[0].matmul(seen[0].t()) * 0.75 + seen[1].matmul(seen[1].t()) * 0.25;
    EXPECT_TRUE(torch::allclose(given.matmul(given.t()), expected, 1e-4, 1e-5));
}

TEST(Target, ATeacherThatIsNotNamedIsLeftOut) {
    torch::manual_seed(2);
    const auto seen = two_teachers(50);
    const Target target({"a", "b"}, seen, {{"b", 1}}, 4);
    const torch::Tensor given = target(seen);
    EXPECT_TRUE(torch::allclose(given.matmul(given.t()), seen[1].matmul(seen[1].t()), 1e-4, 1e-5));
}

// A student that learnt in another basis, as after training on other views, keeps what it knows.
TEST(Target, TurnsToWhatAStudentAlreadySays) {
    torch::manual_seed(3);
    const std::map<std::string, double> weights{{"a", 1}, {"b", 1}};
    const auto before = two_teachers(60), now = two_teachers(80);
    const Target learnt({"a", "b"}, before, weights, 10);
    Target target({"a", "b"}, now, weights, 10);
    ASSERT_LT((target(now) * learnt(now)).sum(1).mean().item<double>(), 0.9);
    target.turn_to(now, learnt(now));
    EXPECT_GT((target(now) * learnt(now)).sum(1).min().item<double>(), 0.999);
    const torch::Tensor& d = target.directions();
    EXPECT_TRUE(torch::allclose(d.t().matmul(d), torch::eye(10), 1e-4, 1e-5));
}

}  // namespace
}  // namespace lowkey::train
