// Which recognisers a cloak is made with and which judge it: never one network on both sides,
// unless that is what was asked for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluate/panel.h"
#include "model/manifest.h"

namespace lowkey::evaluate {

struct Trial {
    std::string name;                 // of the ensemble, usable as part of a file name
    std::filesystem::path pack;       // that cloaks are made with
    std::vector<std::size_t> judges;  // places in the judges' pack
};

// All judges of one pack on cloaks made with another.
Trial judged_by(const std::filesystem::path& pack, const std::filesystem::path& judges);

// The same recognisers on both sides: what a cloak does to the networks that it was made with.
Trial judged_by_itself(const std::filesystem::path& pack);

// For each recogniser of the pack: cloaks made without it, judged by it alone. The packs without
// one are written into `folder`, with links to the files of the whole pack. Throws Error(input) if
// the pack has only one recogniser.
std::vector<Trial> leave_one_out(const std::filesystem::path& pack,
                                 const std::filesystem::path& folder);

// Both throw Error(input) that names the judge.
// By the weights' SHA-256, before anything is loaded.
void refuse_shared_weights(const Trial& trial, const model::Manifest& judges);
// By what the networks answer, so that one network in two files (another precision, another name)
// is found, too. `picture` (CV_8UC3, RGB) shows a face; without one nothing is
// refused.
void refuse_same_network(const Trial& trial, Panel& judges, Panel& members, const cv::Mat& picture);

}  // namespace lowkey::evaluate
