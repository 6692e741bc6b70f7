#include "evaluate/rates.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>

#include "lowkey/error.h"

namespace lowkey::evaluate {
namespace {

// Rounded to float after a sum in double, so that equal rows tie whatever the order of summation.
torch::Tensor cosines(const torch::Tensor& a, const torch::Tensor& b) {
    return a.to(torch::kDouble).matmul(b.to(torch::kDouble).t()).to(torch::kFloat).contiguous();
}

}  // namespace

std::vector<Search> search_gallery(const torch::Tensor& probes, const torch::Tensor& own,
                                   const std::vector<bool>& enrolled, const torch::Tensor& others) {
    const int64_t count = probes.size(0);
    assert(own.size(0) == count && static_cast<int64_t>(enrolled.size()) == count);
    const torch::Tensor table = cosines(probes, torch::cat({own, others}));
    const auto value = table.accessor<float, 2>();
    std::vector<Search> searches;
    for (int64_t i = 0; i < count; ++i) {
        Search search;
        if (enrolled[static_cast<std::size_t>(i)]) {
            search.cosine = value[i][i];
            search.rank = 1;
            for (int64_t j = 0; j < table.size(1); ++j) {
                const bool there = j >= count || enrolled[static_cast<std::size_t>(j)];
                if (there && value[i][j] > value[i][i]) ++search.rank;
            }
        }
        searches.push_back(search);
    }
    return searches;
}

double accept_threshold(const torch::Tensor& gallery, double rate) {
    const int64_t people = gallery.size(0);
    if (people < 2) {
        throw Error(ErrorKind::input,
                    "The gallery holds only one person, so there is no impostor to compare with. "
                    "Give a folder with more people, or more --distractors.");
    }
    const torch::Tensor table = cosines(gallery, gallery);
    std::vector<float> impostors;
    impostors.reserve(static_cast<std::size_t>(people * (people - 1) / 2));
    for (int64_t i = 0; i < people; ++i) {
        const float* row = table.data_ptr<float>() + i * people;
        impostors.insert(impostors.end(), row + i + 1, row + people);
    }
    const auto accepted =
        static_cast<std::ptrdiff_t>(std::floor(rate * static_cast<double>(impostors.size())));
    const auto highest_refused =
        impostors.begin() + std::min(accepted, static_cast<std::ptrdiff_t>(impostors.size()) - 1);
    std::nth_element(impostors.begin(), highest_refused, impostors.end(), std::greater());
    return *highest_refused;
}

Rates rates_of(const std::vector<Search>& searches, double threshold) {
    assert(!searches.empty());
    Rates rates;
    const double share = 1.0 / static_cast<double>(searches.size());
    double cosines = 0;
    for (const Search& search : searches) {
        if (search.rank == 0) {
            ++rates.not_found;
            continue;
        }
        rates.rank1 += search.rank <= 1 ? share : 0;
        rates.rank5 += search.rank <= 5 ? share : 0;
        rates.rank50 += search.rank <= 50 ? share : 0;
        rates.true_accept += search.cosine > threshold ? share : 0;
        cosines += search.cosine;
    }
    const double found = static_cast<double>(searches.size()) - rates.not_found;
    if (found > 0) rates.cosine = cosines / found;
    return rates;
}

Rates mean_of(const std::vector<Rates>& all) {
    assert(!all.empty());
    Rates mean;
    const double share = 1.0 / static_cast<double>(all.size());
    for (const Rates& rates : all) {
        mean.rank1 += share * rates.rank1;
        mean.rank5 += share * rates.rank5;
        mean.rank50 += share * rates.rank50;
        mean.true_accept += share * rates.true_accept;
        mean.cosine += share * rates.cosine;
        mean.not_found += share * rates.not_found;
    }
    return mean;
}

}  // namespace lowkey::evaluate
