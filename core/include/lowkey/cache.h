// Results kept by content, in memory and on disk, so that an editor that asks again for the same
// cloak (Krita: two dozen times for one update of a filter layer) has it computed once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "lowkey/client.h"

namespace lowkey {

struct CacheOptions {
    std::filesystem::path folder;                     // empty: cache_folder()
    std::size_t memory_bytes = 64u << 20;             // 0: nothing is kept in memory
    std::size_t disk_bytes = std::size_t{512} << 20;  // 0: nothing is kept on disk
};

// Where a cloak came from, cheapest first.
enum class CacheSource {
    memory,
    disk,
    moved,  // computed for a picture that differs away from the faces; only the faces were looked
            // for
    computed,
};

struct CachedChanges {
    std::shared_ptr<const ClientChanges> changes;  // paste its patches over the picture
    CacheSource source = CacheSource::computed;
};

// A Client whose results are kept. Calls block and take turns as the Client's do, so that several
// threads which ask for one cloak at once cause one computation. Nothing but cloaked pixels, the
// report and hashes is written to disk: no clean face. A cache that cannot be read or written is
// done without.
class CachedClient {
  public:
    explicit CachedClient(ClientOptions client = {}, const CacheOptions& cache = {});
    ~CachedClient();
    CachedClient(const CachedClient&) = delete;
    CachedClient& operator=(const CachedClient&) = delete;

    // As Client::cloak_changes, errors too.
    CachedChanges cloak(const PictureView& picture, const Options& options,
                        const MaskView& selection = {}, const ProgressFunction& progress = {});
    // Not kept: cheap.
    std::vector<Face> detect(const PictureView& picture, const ProgressFunction& progress = {});

    // Number of cloaks that were computed for this object; for tests and status lines.
    int computed() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// $XDG_CACHE_HOME/lowkey/results, private to the user.
std::filesystem::path cache_folder();

struct CacheUse {
    int entries = 0;
    std::size_t bytes = 0;
};
CacheUse cache_use(const std::filesystem::path& folder = cache_folder());

// Removes every result from the folder and nothing else; returns what was there. Throws Error(file)
// for a result that cannot be removed.
CacheUse clear_cache(const std::filesystem::path& folder = cache_folder());

}  // namespace lowkey
