// JPEG as an optimiser sees it: what a platform does to a photo once it is posted.
#pragma once

#include <torch/types.h>

namespace lowkey::cloak {

struct Compression {
    double quality = 0;       // libjpeg's, 1 to 100
    int row = 0, column = 0;  // 0 to 7: so many pixels before the picture the first block begins
};

// 1 x 3 x H x W in [0, 1] as baseline JPEG with 4:2:0 would give it back (ITU-T T.81, its example
// tables scaled as libjpeg does). Rounding is exact; its gradient is 1 for a coefficient of half a
// quantiser step or more and falls to nothing towards 0, where JPEG puts out whatever is written.
torch::Tensor through_jpeg(const torch::Tensor& picture, const Compression& compression);

}  // namespace lowkey::cloak
