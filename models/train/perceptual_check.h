// How well a perceptual student does what LPIPS does, on validation people.
#pragma once

#include <filesystem>
#include <vector>

namespace lowkey::train {

// Spearman's rank correlation; equal values share their mean rank. Two or more values.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

struct PerceptualCheckSettings {
    std::filesystem::path crops, teachers, weights;  // `weights`: of train_perceptual()
    int parts = 160;                                 // parts of crops, four distortions each
    int cloaks = 12;                                 // faces cloaked with the student
};

// Prints JSON: correlations of the distances, cosines of the gradients, the ratio of the student's
// distance to LPIPS on cloaks held by the student (and by LPIPS), and the time of one forward and
// backward pass at 300 x 300. Throws Error(file), Error(pack).
void check_perceptual(const PerceptualCheckSettings& settings);

}  // namespace lowkey::train
