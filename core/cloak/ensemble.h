// The recognisers that a cloak is made against, and the crops that they look at.
#pragma once

#include <torch/types.h>

#include <opencv2/core.hpp>
#include <vector>

#include "cloak/views.h"
#include "model/recogniser.h"

namespace lowkey::cloak {

// Borrows the recognisers. Two checkpoints of one architecture are two recognisers: nothing is
// keyed by architecture or name.
class Ensemble {
  public:
    explicit Ensemble(std::vector<model::Recogniser*> recognisers);

    std::size_t size() const { return recognisers_.size(); }
    const std::string& name(std::size_t i) const { return recognisers_[i]->name(); }

    int period(std::size_t i) const { return recognisers_[i]->period(); }

    // Those at these places alone.
    Ensemble chosen(const std::vector<std::size_t>& places) const;

    // What each recogniser looks at: one batch of crops (views x 3 x h x w) a recogniser of
    // `picture` (1 x 3 x H x W, RGB in [0, 1]) aligned by `template_to_picture` and seen through
    // each view.
    std::vector<torch::Tensor> crops(const torch::Tensor& picture,
                                     const cv::Matx23d& template_to_picture,
                                     const std::vector<View>& views) const;

    // One embedding tensor (views x D, unit length) of the crops of the recogniser at that place.
    torch::Tensor embed_crops(std::size_t place, const torch::Tensor& crops) const {
        return recognisers_[place]->embed(crops);
    }

    // Both, for every recogniser.
    std::vector<torch::Tensor> embed(const torch::Tensor& picture,
                                     const cv::Matx23d& template_to_picture,
                                     const std::vector<View>& views) const;

  private:
    std::vector<model::Recogniser*> recognisers_;
    std::vector<face::CropGeometry> geometries_;  // distinct ones
    std::vector<std::size_t> geometry_of_;        // recogniser -> index into geometries_
};

// Composition of two affine maps: first b, then a.
cv::Matx23d compose(const cv::Matx23d& a, const cv::Matx23d& b);

}  // namespace lowkey::cloak
