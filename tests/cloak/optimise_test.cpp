// Both optimisers on small networks: bounds at every step, budgets at the end, seeds.
#include <gtest/gtest.h>

#include "cloak/budget.h"
#include "cloak/objective.h"
#include "cloak/problem.h"
#include "cloak/quality.h"
#include "lowkey/error.h"
#include "tiny_recogniser.h"

namespace lowkey::cloak {
namespace {

struct Setting {
    TinyRecogniser first{1, torch::kFloat32}, second{2, torch::kFloat32};
    Ensemble ensemble{{&first, &second}};

    Problem problem(int factor = 1, bool grey = false) const {
        return {parts(factor, grey), ensemble, nullptr};
    }
    static Problem::Parts parts(int factor = 1, bool grey = false) {
        Problem::Parts parts;
        parts.picture = test_picture(140, 130, 3, torch::kFloat32);
        if (grey) parts.picture = parts.picture.mean(1, true).expand({1, 3, 140, 130}).contiguous();
        // Black and white places, where [0, 1] binds.
        parts.picture.narrow(2, 20, 30).fill_(0);
        parts.picture.narrow(2, 80, 30).fill_(1);
        parts.reference = parts.picture;
        parts.cover = torch::ones({1, 1, 140, 130});
        parts.cover.narrow(3, 0, 20).fill_(0);
        parts.template_to_picture = centred_transform(140, 130, 1.1);
        parts.box = {20, 15, 90, 110};
        parts.factor = factor;
        parts.grey = grey;
        return parts;
    }
};

Recipe recipe(bool published) {
    Recipe recipe;
    recipe.published = published;
    recipe.epsilon = published ? 0.05 : 0.06;
    recipe.step = published ? 0.01 : 0.02;
    recipe.start = 0.004;
    recipe.budgets = {.dssim = 0.01, .lpips = 0.02, .chroma = 0.5};
    recipe.iterations = 25;
    return recipe;
}

torch::Tensor ascend(const Problem& problem, const Recipe& recipe, uint64_t seed,
                     const Observer& observer) {
    return recipe.published ? ascend_published(problem, recipe, seed, observer)
                            : ascend_budgeted(problem, recipe, seed, observer);
}

bool go_on(const Step&) {
    return true;
}

class Optimisers : public ::testing::TestWithParam<bool> {};

TEST_P(Optimisers, KeepTheBoundAndTheRangeAtEachStep) {
    const Setting setting;
    for (const int factor : {1, 4}) {
        const Problem problem = setting.problem(factor);
        const Recipe rules = recipe(GetParam());
        int steps = 0;
        double largest = 0;
        ascend(problem, rules, 1, [&](const Step& step) {
            ++steps;
            EXPECT_EQ(step.index, steps);
            const torch::Tensor& c = step.coefficients;
            largest = std::max(largest, c.abs().max().item<double>());
            EXPECT_LE(c.abs().max().item<double>(), rules.epsilon + 1e-6);
            const torch::Tensor moved = problem.parts().picture + c;
            EXPECT_GE(moved.min().item<double>(), -1e-6);
            EXPECT_LE(moved.max().item<double>(), 1 + 1e-6);
            const torch::Tensor picture = problem.perturbed(c);
            EXPECT_LE((picture - problem.parts().picture).abs().max().item<double>(),
                      rules.epsilon + 1e-6);
            EXPECT_EQ(
                (picture - problem.parts().picture).narrow(3, 0, 20).abs().max().item<double>(), 0)
                << "changed outside the cover";
            return true;
        });
        EXPECT_GT(steps, 5);
        EXPECT_GT(largest, 0.5 * rules.epsilon) << "a bound that is never neared tests nothing";
    }
}

TEST_P(Optimisers, MoveTheEmbeddings) {
    const Setting setting;
    const Problem problem = setting.problem();
    const std::vector<View> plain(1);
    const auto moved = [&](const torch::Tensor& coefficients) {
        const torch::NoGradGuard no_gradient;
        const auto embed = [&](const torch::Tensor& picture) {
            return problem.ensemble().embed(picture, problem.parts().template_to_picture, plain);
        };
        const auto clean = embed(problem.parts().picture);
        const auto cloaked = embed(problem.perturbed(coefficients));
        return identity_distance(clean, cloaked, cloaked).item<double>();
    };
    const Recipe rules = recipe(GetParam());
    const double noise = moved(problem.start(rules.start, 1));
    EXPECT_GT(moved(ascend(problem, rules, 1, go_on)), 3 * noise + 0.01);
}

TEST_P(Optimisers, SameSeedSamePixels) {
    const Setting setting;
    const Problem problem = setting.problem();
    const Recipe rules = recipe(GetParam());
    const torch::Tensor once = ascend(problem, rules, 7, go_on);
    torch::manual_seed(99);  // the global generator must not matter
    EXPECT_TRUE(torch::equal(once, ascend(problem, rules, 7, go_on)));
    EXPECT_FALSE(torch::equal(once, ascend(problem, rules, 8, go_on)));
}

TEST_P(Optimisers, StopWhenTold) {
    const Setting setting;
    const Problem problem = setting.problem();
    int steps = 0;
    try {
        ascend(problem, recipe(GetParam()), 1, [&](const Step&) { return ++steps < 3; });
        FAIL() << "went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::cancelled);
    }
    EXPECT_EQ(steps, 3);
}

TEST_P(Optimisers, GreyPicturesGetOneCoefficientAPixel) {
    const Setting setting;
    const Problem problem = setting.problem(1, true);
    const torch::Tensor coefficients = ascend(problem, recipe(GetParam()), 1, go_on);
    EXPECT_EQ(coefficients.size(1), 1);
    const torch::Tensor picture = problem.perturbed(coefficients);
    EXPECT_TRUE(torch::equal(picture.select(1, 0), picture.select(1, 2)));
}

INSTANTIATE_TEST_SUITE_P(Recipes, Optimisers, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "published" : "budgeted"; });

TEST(PublishedRecipe, FollowsTheEquation) {
    const Setting setting;
    const Problem problem = setting.problem();
    Recipe rules = recipe(true);
    rules.iterations = 1;
    double objective = 0;
    ascend_published(problem, rules, 5, [&](const Step& step) {
        objective = step.objective;
        return true;
    });
    torch::Tensor start = problem.start(rules.start, 5);
    problem.project(start, rules.epsilon);
    const Problem::Parts& parts = problem.parts();
    const auto reference =
        published_reference(setting.ensemble, parts.reference, parts.template_to_picture);
    const double expected = published_distance(setting.ensemble, reference,
                                               problem.perturbed(start), parts.template_to_picture)
                                .item<double>();
    EXPECT_GT(expected, 1e-5);
    EXPECT_NEAR(objective, expected, 1e-5 * expected + 1e-7);
}

TEST(Budgeted, ResultKeepsEveryBudget) {
    const Setting setting;
    const Problem problem = setting.problem();
    const Recipe rules = recipe(false);
    const torch::NoGradGuard no_gradient;
    torch::Tensor coefficients;
    {
        const torch::AutoGradMode gradient(true);
        coefficients = ascend_budgeted(problem, rules, 1, go_on);
    }
    const torch::Tensor picture = problem.perturbed(coefficients);
    const cv::Rect& box = problem.parts().box;
    const auto face = [&](const torch::Tensor& t) {
        return t.narrow(2, box.y, box.height).narrow(3, box.x, box.width);
    };
    const double dssim =
        SsimReference(face(problem.parts().picture)).dssim_map(face(picture)).mean().item<double>();
    EXPECT_LE(dssim, rules.budgets.dssim * 1.0001);
    EXPECT_GT(dssim, rules.budgets.dssim * 0.3) << "the budget was hardly used";
    const ChromaMeasure chroma(box.height, box.width, kChromaSigma * box.height, picture.options());
    EXPECT_LE(chroma(face(picture - problem.parts().picture)).item<double>(),
              rules.budgets.chroma * 1.0001);
}

TEST(Budgeted, LooksThroughEachRecogniserOnceInItsPeriod) {
    TinyRecogniser always(1, torch::kFloat32), seldom(2, torch::kFloat32),
        rarely(3, torch::kFloat32);
    seldom.set_period(3);
    rarely.set_period(12);
    const Ensemble ensemble({&always, &seldom, &rarely});
    const Problem problem(Setting::parts(), ensemble, nullptr);
    Recipe rules = recipe(false);
    rules.iterations = 24;
    ascend_budgeted(problem, rules, 1, go_on);
    // And once at the unchanged picture.
    EXPECT_EQ(always.looks(), 1 + 24);
    EXPECT_EQ(seldom.looks(), 1 + 8);
    EXPECT_EQ(rarely.looks(), 1 + 2);
}

TEST(Budgeted, AnOverlappingFacesCloakLeavesThisOneItsBudgets) {
    const Setting setting;
    Problem::Parts parts = Setting::parts();
    const auto dssim = [&](const torch::Tensor& before, const torch::Tensor& after) {
        const torch::NoGradGuard no_gradient;
        return SsimReference(before).dssim_map(after).mean().item<double>();
    };
    const Recipe rules = recipe(false);
    // As if the first of two faces had been given far more than the budgets.
    parts.picture = (parts.reference + 0.2 * torch::rand_like(parts.reference)).clamp(0, 1);
    ASSERT_GT(dssim(parts.reference, parts.picture), 2 * rules.budgets.dssim);
    const torch::Tensor before = parts.picture;
    const Problem problem(std::move(parts), setting.ensemble, nullptr);
    const torch::Tensor coefficients = ascend_budgeted(problem, rules, 1, go_on);
    const double own = dssim(before, problem.perturbed(coefficients));
    EXPECT_GT(own, 0.2 * rules.budgets.dssim);
    EXPECT_LE(own, 1.5 * rules.budgets.dssim);
}

TEST(Budgeted, WeightRisesOverTheBudgetAndFallsUnderIt) {
    BudgetWeight weight(0.1);
    double before = weight.weight();
    for (int i = 0; i < 10; ++i) weight.update(0.2);
    EXPECT_GT(weight.weight(), 2 * before);
    before = weight.weight();
    for (int i = 0; i < 10; ++i) weight.update(0.05);
    EXPECT_LT(weight.weight(), before / 2);
}

TEST(Strength, GrowsEveryBudgetAndBound) {
    Recipe before;
    for (int strength = 0; strength <= 100; strength += 10) {
        Options options;
        options.strength = strength;
        const Recipe now = recipe_for(options);
        EXPECT_GT(now.budgets.dssim, before.budgets.dssim);
        EXPECT_GT(now.budgets.lpips, before.budgets.lpips);
        EXPECT_GT(now.budgets.chroma, before.budgets.chroma);
        EXPECT_GE(now.epsilon, before.epsilon);
        EXPECT_LE(now.epsilon, 32.0 / 255 + 1e-9);
        before = now;
    }
}

TEST(Strength, PaperPresetHasThePublishedConstants) {
    Options options;
    options.preset = Preset::paper;
    const Recipe recipe = recipe_for(options);
    EXPECT_TRUE(recipe.published);
    EXPECT_EQ(recipe.iterations, 50);
    EXPECT_DOUBLE_EQ(recipe.step, 0.0025);
    EXPECT_DOUBLE_EQ(recipe.start, 0.005);
    EXPECT_DOUBLE_EQ(recipe.alpha, 0.05 * 512);
    EXPECT_NEAR(recipe.epsilon, 33.0 / 255, 1e-3);
}

// A face of 3000 px: nearly each of its photo pixels changes, none is skipped by the warp.
TEST(LargeFace, NearlyEachCoefficientGetsGradient) {
    TinyRecogniser network(1, torch::kFloat32);
    const torch::Tensor picture = test_picture(3000, 3000, 2, torch::kFloat32).requires_grad_(true);
    const cv::Matx23d transform = centred_transform(3000, 3000, 3000 / 112.0, 0);
    const torch::Tensor embedding = Ensemble({&network}).embed(picture, transform, {View{}})[0];
    embedding.sum().backward();
    const torch::Tensor reached = (picture.grad() != 0).to(torch::kFloat64).mean();
    EXPECT_GT(reached.item<double>(), 0.95);
}

}  // namespace
}  // namespace lowkey::cloak
