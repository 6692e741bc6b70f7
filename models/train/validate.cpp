#include "train/validate.h"

#include <algorithm>

#include "evaluate/people.h"

namespace lowkey::train {
namespace {

constexpr std::size_t kBatch = 64;

torch::Tensor embed_all(const Crops& crops, const std::vector<int64_t>& indices,
                        const Embed& embed) {
    std::vector<torch::Tensor> rows;
    for (std::size_t from = 0; from < indices.size(); from += kBatch) {
        const auto first = indices.begin() + static_cast<std::ptrdiff_t>(from);
        const auto last =
            indices.begin() + static_cast<std::ptrdiff_t>(std::min(from + kBatch, indices.size()));
        rows.push_back(embed(plain_batch(crops, {first, last})));
    }
    return torch::cat(rows);
}

}  // namespace

double rank1(const Crops& crops, const Embed& embed) {
    const torch::NoGradGuard no_gradient;
    std::vector<int64_t> gallery, probes;
    for (std::size_t i = 0; i + 1 < crops.people.size(); ++i) {
        const bool first = i == 0 || crops.people[i - 1] != crops.people[i];
        if (!first || crops.people[i + 1] != crops.people[i] ||
            !evaluate::is_validation(crops.people[i]))
            continue;
        gallery.push_back(static_cast<int64_t>(i));
        probes.push_back(static_cast<int64_t>(i + 1));
    }
    const torch::Tensor cosines =
        embed_all(crops, probes, embed).matmul(embed_all(crops, gallery, embed).t());
    const torch::Tensor right = cosines.argmax(1) == torch::arange(cosines.size(0));
    return right.to(torch::kDouble).mean().item<double>();
}

}  // namespace lowkey::train
