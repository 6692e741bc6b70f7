// The recognisers of a pack as strangers' judges: they find and align the face in each picture by
// themselves and share nothing with the code that cloaks but the networks' arithmetic.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "face/face.h"
#include "model/pack.h"

namespace lowkey::evaluate {

class Panel {
  public:
    // Throws Error(pack) or Error(device).
    Panel(const std::filesystem::path& pack, const std::string& device);

    const torch::Device& device() const { return device_; }
    std::size_t size() const { return pack_.recognisers.size(); }
    const std::string& name(std::size_t judge) const { return pack_.recognisers[judge]->name(); }
    // Changes with all that this judge's embeddings depend on: weights, input, detector.
    const std::string& fingerprint(std::size_t judge) const { return fingerprints_[judge]; }
    model::Perceptual* perceptual() const { return pack_.perceptual.get(); }  // null: none

    // The template's place in a picture (CV_8UC3, RGB), by its most central face.
    std::optional<cv::Matx23d> align(const cv::Mat& picture);
    // N x D unit embeddings on the CPU, N >= 1. The crops are cut by plain bilinear sampling, as
    // InsightFace does. Throws Error(pack) for an embedding that is not finite.
    torch::Tensor embed_aligned(const std::vector<cv::Mat>& pictures,
                                const std::vector<cv::Matx23d>& alignments, std::size_t judge);
    // Both of them: one list of embeddings (D) a judge named; a picture without a face has a tensor
    // of no elements there.
    std::vector<std::vector<torch::Tensor>> embed(const std::vector<cv::Mat>& pictures,
                                                  const std::vector<std::size_t>& judges);

  private:
    torch::Device device_;
    model::Pack pack_;
    std::unique_ptr<face::Detector> detector_;
    std::vector<std::string> fingerprints_;
};

// SHA-256 of a text, 64 hexadecimal digits.
std::string digest(const std::string& text);

}  // namespace lowkey::evaluate
