#include "cloak/strength.h"

#include <cmath>
#include <iterator>

namespace lowkey::cloak {
namespace {

// What a strength may cost; between two rows budgets go evenly by their logarithm. `light`,
// `balanced` and `strong` stand at 25, 50 and 80: mean DSSIM .005, .010 and .018. At 50 a
// cloak's LPIPS is about its budget. Colour is held far under what small faces would bear: at .6 a
// face of 600 pixels wears purple and green make-up. At 100, DSSIM binds and is spent where LPIPS
// and colour have room. docs/results.md has what other shares of them did.
struct Row {
    double strength;
    double epsilon;  // L-infinity bound, of 255; a weak cloak has no use for single strong pixels
    Budgets budgets;
};
constexpr Row kRows[] = {
    {0, 12, {.dssim = 0.0025, .lpips = 0.012, .chroma = 0.20}},
    {25, 18, {.dssim = 0.0049, .lpips = 0.018, .chroma = 0.24}},
    {50, 32, {.dssim = 0.0099, .lpips = 0.0208, .chroma = 0.36}},
    {80, 32, {.dssim = 0.0177, .lpips = 0.045, .chroma = 0.40}},
    {100, 32, {.dssim = 0.0304, .lpips = 0.12, .chroma = 0.60}},
};

Row row_for(double strength) {
    const Row* upper = std::begin(kRows) + 1;
    while (strength > upper->strength) ++upper;
    const Row& lower = *(upper - 1);
    const double share = (strength - lower.strength) / (upper->strength - lower.strength);
    const auto between = [&](double low, double high) {
        return std::pow(low, 1 - share) * std::pow(high, share);
    };
    const Budgets &low = lower.budgets, &high = upper->budgets;
    return {strength,
            std::lerp(lower.epsilon, upper->epsilon, share),
            {.dssim = between(low.dssim, high.dssim),
             .lpips = between(low.lpips, high.lpips),
             .chroma = between(low.chroma, high.chroma)}};
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
    const Row row = row_for(strength);
    recipe.budgets = row.budgets;
    recipe.epsilon = row.epsilon / 255;
    recipe.step = 4.0 / 255;
    recipe.start = 1.0 / 255;
    recipe.iterations = iterations;
    return recipe;
}

}  // namespace lowkey::cloak
