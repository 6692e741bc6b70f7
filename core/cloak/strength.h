// The one place where a person's preset and strength become bounds, budgets and step sizes.
#pragma once

#include "lowkey/options.h"

namespace lowkey::cloak {

// Largest allowed value of each perceptual measure of the cloaked face (definitions:
// lowkey/report.h).
struct Budgets {
    double dssim = 0;
    double lpips = 0;
    double chroma = 0;
};

// Constants of the published attack scripts (docs/method.md), in units of 1.0.
inline constexpr double kPaperStep = 0.0025;
inline constexpr double kPaperStart = 0.005;
// Their alpha of 0.05 stands against a mean over 512 embedding dimensions; the equation has a sum.
inline constexpr double kPaperAlpha = 0.05 * 512;

struct Recipe {
    bool published = false;  // signed gradient ascent with a fixed alpha; else Adam under budgets
    double epsilon = 0;      // bound on the change of any sample, of 1.0
    double step = 0;         // of the signed step, or Adam's learning rate
    double start = 0;        // the start is uniform noise in +-start
    double alpha = 0;        // weight of LPIPS, published recipe only
    Budgets budgets;         // budgeted recipe only
    int iterations = 0;
};

Recipe recipe_for(const Options& options);

}  // namespace lowkey::cloak
