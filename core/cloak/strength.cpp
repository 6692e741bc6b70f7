#include "cloak/strength.h"

#include <algorithm>
#include <cmath>

namespace lowkey::cloak {
namespace {

// DSSIM doubles every 25 points: .003 at 0, .0063 at 25, .0125 at 50, .029 at 80, .05 at 100.
double dssim_budget(double strength) {
    return 0.0125 * std::exp2((strength - 50) / 25);
}

// On small faces LPIPS is the budget that binds: with .011 at strength 50 faces of 100 px kept .50
// of their similarity to unseen recognisers, with .0176 .37 (docs/results.md). Colour is held well
// under what the eye sees on lips and lids. The two grow more slowly than DSSIM, as in the rows of
// docs/method.md that won.
Budgets budgets_for(double strength) {
    const double dssim = dssim_budget(strength);
    const double growth = dssim / 0.0125;
    return {.dssim = dssim,
            .lpips = 0.0176 * std::sqrt(growth),
            .chroma = 0.24 * std::pow(growth, 0.25)};
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
