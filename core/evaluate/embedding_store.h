// Embeddings of photos on disk, so that thousands of clean photos are embedded once.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "evaluate/panel.h"
#include "model/safetensors.h"

namespace lowkey::evaluate {

// One judge's embeddings by key; a tensor of no elements says that no face was found. A file that
// cannot be read is begun anew.
class EmbeddingStore {
  public:
    explicit EmbeddingStore(std::filesystem::path file);
    bool has(const std::string& key) const { return rows_.contains(key); }
    const torch::Tensor& at(const std::string& key) const { return rows_.at(key); }
    void put(const std::string& key, const torch::Tensor& row);
    // Readable by the user only: embeddings identify people. Throws Error(file).
    void save();

  private:
    std::filesystem::path file_;
    model::Tensors rows_;
    bool changed_ = false;
};

struct Photo {
    std::string key;                  // changes with the picture: name and stamp()
    std::function<cv::Mat()> pixels;  // CV_8UC3, RGB; empty: cannot be read
};

// $XDG_CACHE_HOME/lowkey/embeddings.
std::filesystem::path embeddings_folder();

// "size-time" of a file, so that a key does not outlive the picture that it stood for.
std::string stamp(const std::filesystem::path& file);

// Called with the number of photos done; returning false stops with Error(cancelled), with
// everything saved that was done.
using PhotosDone = std::function<bool(std::size_t done)>;

// Puts every photo that is missing there into the stores, one for each of the judges.
void embed_photos(Panel& panel, const std::vector<std::size_t>& judges,
                  std::vector<EmbeddingStore>& stores, const std::vector<Photo>& photos,
                  const PhotosDone& done);

}  // namespace lowkey::evaluate
