#include "train/teachers.h"

#include <cmath>

#include "lowkey/error.h"

namespace lowkey::train {

torch::Tensor crop_for(const model::Recogniser& recogniser, const torch::Tensor& pictures) {
    const face::CropGeometry& crop = recogniser.crop();
    if (crop.step != 1) {
        throw Error(ErrorKind::pack,
                    recogniser.name() + " is not fed at the template's scale, so it cannot teach.");
    }
    return pictures.narrow(2, static_cast<int64_t>(crop.offset_y), crop.height)
        .narrow(3, static_cast<int64_t>(crop.offset_x), crop.width);
}

std::vector<torch::Tensor> teach(model::Pack& teachers, const torch::Tensor& pictures,
                                 Precision precision) {
    const torch::NoGradGuard no_gradient;
    std::vector<torch::Tensor> embeddings;
    for (const auto& teacher : teachers.recognisers) {
        torch::Tensor embedding;
        {
            const PrecisionGuard guard(precision, pictures.device());
            embedding = teacher->embed(crop_for(*teacher, pictures));
        }
        // In bfloat16 a unit vector's length is off by some thousandths.
        embeddings.push_back(model::unit_length(embedding.to(torch::kFloat)));
    }
    return embeddings;
}

Target::Target(const std::vector<std::string>& names, const std::vector<torch::Tensor>& seen,
               const std::map<std::string, double>& weights, int64_t dimensions) {
    for (const std::string& name : names) {
        const auto weight = weights.find(name);
        shares_.push_back(weight == weights.end() ? 0 : std::sqrt(weight->second));
    }
    const torch::Tensor joined = join(seen).to(torch::kDouble);
    const auto [values, vectors] = torch::linalg_eigh(joined.t().matmul(joined), "L");
    const int64_t kept = std::min<int64_t>(dimensions, vectors.size(1));
    directions_ = vectors.narrow(1, vectors.size(1) - kept, kept).to(torch::kFloat);
}

void Target::turn_to(const std::vector<torch::Tensor>& seen, const torch::Tensor& embeddings) {
    const torch::Tensor both = join(seen).t().matmul(embeddings).to(torch::kDouble);
    const auto [left, values, right] = torch::linalg_svd(both, false, {});
    directions_ = left.matmul(right).to(torch::kFloat);
}

torch::Tensor Target::join(const std::vector<torch::Tensor>& embeddings) const {
    std::vector<torch::Tensor> parts;
    for (std::size_t i = 0; i < shares_.size(); ++i) {
        if (shares_[i] > 0) parts.push_back(embeddings[i] * shares_[i]);
    }
    return torch::cat(parts, 1);
}

torch::Tensor Target::operator()(const std::vector<torch::Tensor>& embeddings) const {
    return model::unit_length(join(embeddings).matmul(directions_));
}

}  // namespace lowkey::train
