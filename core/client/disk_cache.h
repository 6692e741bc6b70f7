// Entries as files of a folder that only the user can read, the longest unused ones removed first.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "client/entry.h"

namespace lowkey::client {

// Several processes may share the folder: files are complete or absent. Nothing here throws for a
// fault of the disk; what cannot be kept is not kept, what cannot be read is not there, what is
// damaged goes.
class DiskCache {
  public:
    // An empty folder name or a limit of 0: nothing is kept.
    DiskCache(std::filesystem::path folder, std::size_t limit);

    std::optional<Entry> find(const Hash& family, const Hash& key) const;
    // The family's entries, newest first, a few at most.
    std::vector<Entry> relatives(const Hash& family) const;
    void store(const Entry& entry) const;

  private:
    std::optional<Entry> load(const std::filesystem::path& file) const;
    bool make_private() const;
    void evict() const;

    std::filesystem::path folder_;
    std::size_t limit_;
};

}  // namespace lowkey::client
