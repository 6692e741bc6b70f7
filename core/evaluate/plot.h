// Rank-1 against DSSIM: what protection costs in picture quality.
#pragma once

#include <opencv2/core.hpp>

#include "evaluate/evaluate.h"

namespace lowkey::evaluate {

// One line a judge under `cloaked`, a point for each strength; from the clean rate at DSSIM 0 if
// that was measured. CV_8UC3, BGR, as cv::imwrite takes it.
cv::Mat plot_rank1(const Evaluation& evaluation);

}  // namespace lowkey::evaluate
