#include "cloak/objective.h"

namespace lowkey::cloak {

torch::Tensor squared_distances(const torch::Tensor& clean, const torch::Tensor& cloaked) {
    return (cloaked - clean).square().sum(1);
}

torch::Tensor identity_distance(const std::vector<torch::Tensor>& clean,
                                const std::vector<torch::Tensor>& plain,
                                const std::vector<torch::Tensor>& smoothed) {
    torch::Tensor sum = torch::zeros({}, clean.front().options());
    for (std::size_t i = 0; i < clean.size(); ++i) {
        sum = sum + squared_distances(clean[i], plain[i]).mean() +
              squared_distances(clean[i], smoothed[i]).mean();
    }
    return sum / (2.0 * static_cast<double>(clean.size()));
}

torch::Tensor with_mirror(const torch::Tensor& embeddings) {
    const torch::Tensor pairs = embeddings.view({embeddings.size(0) / 2, 2, embeddings.size(1)});
    return model::unit_length(pairs.sum(1));
}

std::vector<torch::Tensor> published_reference(const Ensemble& ensemble,
                                               const torch::Tensor& picture,
                                               const cv::Matx23d& template_to_picture) {
    const torch::NoGradGuard no_gradient;
    std::vector<torch::Tensor> reference =
        ensemble.embed(picture, template_to_picture, {View{}, View{.mirror = true}});
    for (torch::Tensor& embedding : reference) embedding = with_mirror(embedding);
    return reference;
}

const std::vector<View>& published_views() {
    static const std::vector<View> views = {View{}, View{.mirror = true}, View{.smooth = true},
                                            View{.mirror = true, .smooth = true}};
    return views;
}

torch::Tensor published_part(const torch::Tensor& clean, const torch::Tensor& embeddings) {
    const torch::Tensor both = with_mirror(embeddings);
    return identity_distance({clean}, {both.narrow(0, 0, 1)}, {both.narrow(0, 1, 1)});
}

torch::Tensor published_distance(const Ensemble& ensemble,
                                 const std::vector<torch::Tensor>& reference,
                                 const torch::Tensor& picture,
                                 const cv::Matx23d& template_to_picture) {
    std::vector<torch::Tensor> parts =
        ensemble.embed(picture, template_to_picture, published_views());
    for (std::size_t i = 0; i < parts.size(); ++i)
        parts[i] = published_part(reference[i], parts[i]);
    return torch::stack(parts).mean();
}

}  // namespace lowkey::cloak
