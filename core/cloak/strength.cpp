#include "cloak/strength.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace lowkey::cloak {
namespace {

// What a strength may cost; between two rows every value goes evenly by its logarithm. `light`,
// `balanced` and `strong` stand at 25, 50 and 80: mean DSSIM .005, .010 and .018. A cloak's LPIPS
// is about four fifths of its budget, which the moving grid (budgeted.cpp) asks for where the cloak
// does worst. Colour is held far under what small faces would bear: at .6 a face of 600 pixels
// wears purple and green make-up. docs/results.md has what other shares of both did.
struct Row {
    double strength;
    Budgets budgets;
};
constexpr Row kRows[] = {
    {0, {.dssim = 0.0025, .lpips = 0.010, .chroma = 0.20}},
    {25, {.dssim = 0.0049, .lpips = 0.0165, .chroma = 0.24}},
    {50, {.dssim = 0.0098, .lpips = 0.0245, .chroma = 0.30}},
    {80, {.dssim = 0.0177, .lpips = 0.036, .chroma = 0.40}},
    {100, {.dssim = 0.040, .lpips = 0.060, .chroma = 0.55}},
};

Budgets budgets_for(double strength) {
    const Row* upper = std::begin(kRows) + 1;
    while (strength > upper->strength) ++upper;
    const Row& lower = *(upper - 1);
    const double share = (strength - lower.strength) / (upper->strength - lower.strength);
    const auto between = [&](double Budgets::*value) {
        return std::pow(lower.budgets.*value, 1 - share) * std::pow(upper->budgets.*value, share);
    };
    return {.dssim = between(&Budgets::dssim),
            .lpips = between(&Budgets::lpips),
            .chroma = between(&Budgets::chroma)};
}

// The published bound is 50 steps of 0.0025 from +-0.005: 33/255. Other strengths scale the step,
// so that the default strength of the preset keeps the published constants.
Recipe published_recipe(double strength, int iterations) {
    const double scale = strength / preset_defaults(Preset::paper).strength;
    Recipe recipe;
    recipe.published = true;
    recipe.step = kPaperStep * scale;
    recipe.start = kPaperStart * scale;
    recipe.epsilon = 50 * recipe.step + recipe.start;
    recipe.alpha = kPaperAlpha;
    recipe.iterations = iterations;
    return recipe;
}

}  // namespace

Recipe recipe_for(const Options& options) {
    const int strength = effective_strength(options);
    const int iterations = effective_iterations(options);
    if (options.preset == Preset::paper) return published_recipe(strength, iterations);
    Recipe recipe;
    recipe.budgets = budgets_for(strength);
    // 24/255 at strength 50 and above; a weak cloak has no use for single strong pixels.
    recipe.epsilon = 24.0 / 255 * std::clamp(0.5 + strength / 100.0, 0.5, 1.0);
    recipe.step = 2.0 / 255;
    recipe.start = 1.0 / 255;
    recipe.iterations = iterations;
    return recipe;
}

}  // namespace lowkey::cloak
