#include <glib.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <utility>

#include "client/check.h"
#include "client/disk_cache.h"
#include "client/locate.h"
#include "client/ticker.h"
#include "lowkey/cache.h"

namespace lowkey {
namespace {

using client::Entry;
using client::Hash;
using client::Hasher;
using client::Ticker;

// Everything that decides on the result but the pixels. A pack or a command that is replaced in its
// place is noticed by what stands in the entry; a pack that is installed to be found earlier, by
// nothing: the folders are searched by the worker. Its installer clears the cache.
Hash family_of(const ClientOptions& settings, const PictureView& picture, const Options& options,
               const MaskView& selection) {
    Options explicit_options = options;
    explicit_options.strength = effective_strength(options);
    explicit_options.iterations = effective_iterations(options);
    nlohmann::json described = {{"options", protocol::encode(explicit_options)},
                                {"shape", protocol::encode(protocol::shape_of(picture))},
                                {"pack", settings.pack},
                                {"device", settings.device},
                                {"version", LOWKEY_VERSION}};
    for (const char* name : {"LOWKEY_PACK", "LOWKEY_PACKS"})
        if (const char* value = g_getenv(name)) described[name] = value;
    Hasher hasher;
    hasher.add(described.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    if (selection.data != nullptr)
        for (int y = 0; y < selection.height; ++y)
            hasher.add(selection.data + static_cast<std::size_t>(y) * selection.stride,
                       static_cast<std::size_t>(selection.width));
    return hasher.finish();
}

Hash key_of(const Hash& family, const PictureView& picture, Ticker& ticker) {
    constexpr int kRows = 64;
    Hasher hasher;
    hasher.add(&family, sizeof family);
    for (int y = 0; y < picture.height; y += kRows) {
        ticker.tick();
        hasher.add(picture, {0, y, picture.width, std::min(kRows, picture.height - y)});
    }
    return hasher.finish();
}

// Whether the report names every face that a change elsewhere in the picture could bring into play.
bool names_every_face(const Report& report, const Options& options, const MaskView& selection) {
    if (options.region) return false;
    if (static_cast<int>(report.faces.size()) == report.faces_found) return true;
    return selection.data == nullptr && !options.faces.empty();
}

class MemoryCache {
  public:
    explicit MemoryCache(std::size_t limit) : limit_(limit) {}

    const Entry* find(const Hash& key) {
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& entry) { return entry.key == key; });
        if (found == entries_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found);
        return &entries_.front();
    }

    void remove(const Hash& key) {
        std::erase_if(entries_, [&](const Entry& entry) {
            if (!(entry.key == key)) return false;
            bytes_ -= client::size_of(entry);
            return true;
        });
    }

    void store(const Entry& entry) {
        remove(entry.key);
        if (client::size_of(entry) > limit_) return;
        entries_.push_front(entry);
        bytes_ += client::size_of(entry);
        while (bytes_ > limit_) {
            bytes_ -= client::size_of(entries_.back());
            entries_.pop_back();
        }
    }

    std::vector<Entry> relatives(const Hash& family) const {
        std::vector<Entry> found;
        for (const Entry& entry : entries_)
            if (entry.family == family) found.push_back(entry);
        return found;
    }

  private:
    std::list<Entry> entries_;  // the last used first
    std::size_t limit_, bytes_ = 0;
};

// Where the command is missing, what it once computed stays good: a layer need not hide.
bool up_to_date(const Entry& entry, const std::string& program) {
    return (program.empty() || entry.program == program) &&
           client::manifest_hash(entry.changes->manifest) == entry.manifest;
}

}  // namespace

struct CachedClient::Impl {
    Impl(ClientOptions given, const CacheOptions& cache)
        : settings(std::move(given)),
          client(settings),
          memory(cache.memory_bytes),
          disk(cache.folder.empty() ? cache_folder() : cache.folder, cache.disk_bytes) {}

    CachedChanges cloak(const PictureView& picture, const Options& options,
                        const MaskView& selection, const ProgressFunction& progress) {
        Ticker ticker(progress);
        ticker.show({0, "Looking for an earlier result"});
        const Hash family = family_of(settings, picture, options, selection);
        const Hash key = key_of(family, picture, ticker);
        const std::string program = client::program_mark(settings.command);
        // Held while computing: who asks for the same meanwhile finds it here afterwards.
        std::unique_lock lock(mutex, std::defer_lock);
        while (!lock.try_lock_for(Ticker::kInterval)) ticker.tick();

        if (const Entry* entry = memory.find(key); entry != nullptr && up_to_date(*entry, program))
            return {entry->changes, CacheSource::memory};
        if (const auto entry = disk.find(family, key); entry && up_to_date(*entry, program)) {
            memory.store(*entry);
            return {entry->changes, CacheSource::disk};
        }
        if (const auto entry = move(family, key, picture, program, progress)) {
            keep(*entry);
            return {entry->changes, CacheSource::moved};
        }
        ClientChanges changes = client.cloak_changes(picture, options, selection, progress);
        ++computed;
        const bool movable = names_every_face(changes.report, options, selection);
        Entry entry = client::make_entry(family, key, picture, movable, std::move(changes));
        entry.program = program;
        keep(entry);
        return {entry.changes, CacheSource::computed};
    }

    // A result for a picture that is the same wherever the cloak looked. What else could matter is
    // that the change made a face appear, vanish or move, and that the worker is asked about, which
    // is cheap. What the measures of a report say of the whole picture may then be of the earlier
    // one.
    std::optional<Entry> move(const Hash& family, const Hash& key, const PictureView& picture,
                              const std::string& program, const ProgressFunction& progress) {
        std::vector<Entry> candidates = memory.relatives(family);
        for (Entry& entry : disk.relatives(family)) candidates.push_back(std::move(entry));
        std::optional<std::vector<Face>> faces;
        for (Entry& entry : candidates) {
            if (entry.influence.empty() || !(entry.shape == protocol::shape_of(picture)) ||
                !(client::influence_hash(picture, entry.influence) == entry.influence_hash) ||
                !up_to_date(entry, program))
                continue;
            if (!faces) faces = client.detect(picture, progress);
            if (!client::same_faces(entry.changes->report, *faces)) continue;
            entry.key = key;
            return std::move(entry);
        }
        return std::nullopt;
    }

    void keep(const Entry& entry) {
        memory.store(entry);
        disk.store(entry);
    }

    const ClientOptions settings;
    Client client;
    std::timed_mutex mutex;
    MemoryCache memory;
    client::DiskCache disk;
    std::atomic<int> computed = 0;
};

CachedClient::CachedClient(ClientOptions client, const CacheOptions& cache)
    : impl_(std::make_unique<Impl>(std::move(client), cache)) {}

CachedClient::~CachedClient() = default;

CachedChanges CachedClient::cloak(const PictureView& picture, const Options& options,
                                  const MaskView& selection, const ProgressFunction& progress) {
    client::check(picture, selection);
    validate(options);
    return impl_->cloak(picture, options, selection, progress);
}

std::vector<Face> CachedClient::detect(const PictureView& picture,
                                       const ProgressFunction& progress) {
    return impl_->client.detect(picture, progress);
}

int CachedClient::computed() const {
    return impl_->computed;
}

}  // namespace lowkey
