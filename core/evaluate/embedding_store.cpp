#include "evaluate/embedding_store.h"

#include <glib.h>

#include <algorithm>
#include <cassert>

#include "lowkey/error.h"

namespace lowkey::evaluate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatch = 16;
constexpr std::size_t kBatchesASave = 16;

bool is_in_all(const std::vector<EmbeddingStore>& stores, const std::string& key) {
    return std::ranges::all_of(stores, [&](const auto& store) { return store.has(key); });
}

}  // namespace

EmbeddingStore::EmbeddingStore(fs::path file) : file_(std::move(file)) {
    std::error_code missing;
    if (!fs::exists(file_, missing)) return;
    try {
        rows_ = model::read_safetensors(file_);
    } catch (const Error&) {
        rows_.clear();
    }
}

void EmbeddingStore::put(const std::string& key, const torch::Tensor& row) {
    rows_[key] = row;
    changed_ = true;
}

void EmbeddingStore::save() {
    if (!changed_) return;
    std::error_code problem;  // a folder that cannot be made fails at the file, with its name
    if (fs::create_directories(file_.parent_path(), problem))
        fs::permissions(file_.parent_path(), fs::perms::owner_all, problem);
    model::write_safetensors(file_, rows_);
    fs::permissions(file_, fs::perms::owner_read | fs::perms::owner_write, problem);
    changed_ = false;
}

fs::path embeddings_folder() {
    return fs::path(g_get_user_cache_dir()) / "lowkey" / "embeddings";
}

std::string stamp(const fs::path& file) {
    std::error_code problem;
    const auto size = fs::file_size(file, problem);
    const auto time = fs::last_write_time(file, problem).time_since_epoch().count();
    return std::to_string(size) + "-" + std::to_string(time);
}

void embed_photos(Panel& panel, const std::vector<std::size_t>& judges,
                  std::vector<EmbeddingStore>& stores, const std::vector<Photo>& photos,
                  const PhotosDone& done) {
    assert(stores.size() == judges.size());
    const auto save = [&] { std::ranges::for_each(stores, &EmbeddingStore::save); };
    std::vector<const Photo*> missing;
    for (const Photo& photo : photos) {
        if (!is_in_all(stores, photo.key)) missing.push_back(&photo);
    }
    for (std::size_t from = 0; from < missing.size(); from += kBatch) {
        if (!done(photos.size() - missing.size() + from)) {
            save();
            throw Error(ErrorKind::cancelled, "Cancelled.");
        }
        const std::size_t to = std::min(from + kBatch, missing.size());
        std::vector<cv::Mat> pictures;
        for (std::size_t i = from; i < to; ++i) pictures.push_back(missing[i]->pixels());
        const auto rows = panel.embed(pictures, judges);
        for (std::size_t j = 0; j < judges.size(); ++j) {
            for (std::size_t i = from; i < to; ++i)
                stores[j].put(missing[i]->key, rows[j][i - from]);
        }
        if ((from / kBatch + 1) % kBatchesASave == 0) save();
    }
    save();
    done(photos.size());
}

}  // namespace lowkey::evaluate
