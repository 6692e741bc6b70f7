// Everybody's clean photos as every judge sees them.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "evaluate/embedding_store.h"
#include "evaluate/panel.h"
#include "evaluate/people.h"

namespace lowkey::evaluate {

class Gallery {
  public:
    // Embeds the cast's photos that are not in the cache folder yet, and takes those people out of
    // the cast in whose photos the judges find no face: notes() says how many. `progress` gets the
    // numbers of photos done and in all; false stops with Error(cancelled). Throws Error(no_face)
    // if no subject is left, Error(input) if only one person is.
    Gallery(Panel& panel, Cast& cast, const std::filesystem::path& cache,
            const std::function<bool(std::size_t, std::size_t)>& progress);

    std::size_t people() const { return people_; }
    const std::vector<std::string>& notes() const { return notes_; }
    const torch::Tensor& own(const Person& subject, std::size_t judge) const;
    const torch::Tensor& probe(const Person& subject, std::size_t judge) const;
    const torch::Tensor& distractors(std::size_t judge) const { return distractors_[judge]; }
    // For kFalseAcceptRate, from all pairs of clean gallery photos.
    double threshold(std::size_t judge) const { return thresholds_[judge]; }

  private:
    void leave_out_faceless(Cast& cast);

    std::vector<EmbeddingStore> stores_;
    std::vector<torch::Tensor> distractors_;
    std::vector<double> thresholds_;
    std::vector<std::string> notes_;
    std::size_t people_ = 0;
};

// RGB, 8 bits; empty where the file cannot be read.
cv::Mat pixels_or_nothing(const std::filesystem::path& file);

}  // namespace lowkey::evaluate
