// Identification and verification rates from embeddings.
#pragma once

#include <torch/types.h>

#include <vector>

namespace lowkey::evaluate {

// What a search of the gallery with one probe gave.
struct Search {
    int rank = 0;       // of the person's own photo, 1 is best; 0: it is not in the gallery
    double cosine = 0;  // of probe and own photo, -1..1; only if it is in the gallery
};

// Searches a gallery of `own` and `others` with every probe, by cosine. Rows are embeddings of unit
// length: probes and own N x D, row i of both of the same person; others M x D of other people,
// M >= 0. Where `enrolled` is false, no face was found in the own photo: it is then nobody's match.
// A tie counts for the recogniser: the own photo comes first.
std::vector<Search> search_gallery(const torch::Tensor& probes, const torch::Tensor& own,
                                   const std::vector<bool>& enrolled, const torch::Tensor& others);

inline constexpr double kFalseAcceptRate = 1e-3;

// The lowest threshold that at most a share `rate` of the pairs of different rows exceed; a pair is
// accepted above it. gallery: G x D, one row a person, G >= 2 or Error(input).
double accept_threshold(const torch::Tensor& gallery, double rate = kFalseAcceptRate);

struct Rates {
    double rank1 = 0, rank5 = 0, rank50 = 0;  // shares of the probes
    double true_accept = 0;                   // share of probes whose own photo is accepted
    double cosine = 0;     // mean over the photos in the gallery; 0 where there is none
    double not_found = 0;  // own photos without a face; of several judges, the mean
};

// At least one search.
Rates rates_of(const std::vector<Search>& searches, double threshold);
Rates mean_of(const std::vector<Rates>& rates);

}  // namespace lowkey::evaluate
