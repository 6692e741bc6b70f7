#include "client/disk_cache.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "client/descriptor.h"
#include "lowkey/cache.h"

namespace lowkey {
namespace client {
namespace {

namespace fs = std::filesystem;

constexpr char kSuffix[] = ".result";
constexpr char kUnfinished[] = ".unfinished-";
constexpr std::size_t kRelatives = 8;

struct File {
    fs::path path;
    fs::file_time_type used;
    std::uintmax_t bytes = 0;
};

fs::path file_name(const Hash& family, const Hash& key) {
    return hex(family) + "-" + hex(key) + kSuffix;
}

// Newest first. Only our own names: whatever else lies there is not ours to count or remove.
std::vector<File> files_of(const fs::path& folder, const std::string& prefix,
                           bool unfinished = false) {
    std::vector<File> files;
    std::error_code error;
    for (fs::directory_iterator item(folder, error), end; !error && item != end;
         item.increment(error)) {
        const std::string name = item->path().filename().string();
        const bool ours = unfinished ? name.starts_with(kUnfinished)
                                     : name.starts_with(prefix) && name.ends_with(kSuffix);
        if (!ours) continue;
        std::error_code gone;  // another process may be removing it
        File file{item->path(), item->last_write_time(gone), 0};
        if (!gone) file.bytes = item->file_size(gone);
        if (!gone) files.push_back(std::move(file));
    }
    std::sort(files.begin(), files.end(),
              [](const File& a, const File& b) { return a.used > b.used; });
    return files;
}

bool write_all(int descriptor, const std::vector<std::byte>& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t put = write(descriptor, bytes.data() + at, bytes.size() - at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        at += static_cast<std::size_t>(put);
    }
    return true;
}

}  // namespace

DiskCache::DiskCache(fs::path folder, std::size_t limit)
    : folder_(std::move(folder)), limit_(folder_.empty() ? 0 : limit) {}

std::optional<Entry> DiskCache::find(const Hash& family, const Hash& key) const {
    if (limit_ == 0) return std::nullopt;
    const fs::path path = folder_ / file_name(family, key);
    std::optional<Entry> entry = load(path);
    if (!entry || !(entry->key == key) || !(entry->family == family)) return std::nullopt;
    utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);  // used now
    return entry;
}

std::vector<Entry> DiskCache::relatives(const Hash& family) const {
    std::vector<Entry> entries;
    if (limit_ == 0) return entries;
    for (const File& file : files_of(folder_, hex(family))) {
        if (entries.size() == kRelatives) break;
        if (auto entry = load(file.path); entry && entry->family == family)
            entries.push_back(std::move(*entry));
    }
    return entries;
}

std::optional<Entry> DiskCache::load(const fs::path& path) const {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat info;
    if (file.value < 0 || fstat(file.value, &info) != 0 || !S_ISREG(info.st_mode))
        return std::nullopt;
    std::optional<Entry> entry;
    if (static_cast<std::uintmax_t>(info.st_size) <= limit_) {
        std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
        std::size_t at = 0;
        for (ssize_t got = 1; at < bytes.size() && got > 0; at += static_cast<std::size_t>(got)) {
            got = read(file.value, bytes.data() + at, bytes.size() - at);
            if (got < 0) return std::nullopt;  // a fault of the disk says nothing about the entry
        }
        entry = decode_entry(bytes);
    }
    if (!entry) unlink(path.c_str());
    return entry;
}

void DiskCache::store(const Entry& entry) const {
    if (limit_ == 0 || size_of(entry) > limit_ / 2 || !make_private()) return;
    const std::vector<std::byte> bytes = encode_entry(entry);
    std::string name = (folder_ / (std::string(kUnfinished) + "XXXXXX")).string();
    const Descriptor file(g_mkstemp_full(name.data(), O_WRONLY | O_CLOEXEC, 0600));
    if (file.value < 0) return;
    const fs::path path = folder_ / file_name(entry.family, entry.key);
    if (!write_all(file.value, bytes) || rename(name.c_str(), path.c_str()) != 0)
        unlink(name.c_str());
    evict();
}

bool DiskCache::make_private() const {
    if (g_mkdir_with_parents(folder_.c_str(), 0700) != 0) return false;
    struct stat info;
    if (lstat(folder_.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid())
        return false;
    return (info.st_mode & 077) == 0 || chmod(folder_.c_str(), 0700) == 0;
}

void DiskCache::evict() const {
    std::uintmax_t total = 0;
    for (const File& file : files_of(folder_, "")) {
        total += file.bytes;
        if (total > limit_) unlink(file.path.c_str());
    }
    // Left by a process that was killed while it wrote.
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
    for (const File& file : files_of(folder_, "", true))
        if (file.used < old) unlink(file.path.c_str());
}

}  // namespace client

std::filesystem::path cache_folder() {
    return std::filesystem::path(g_get_user_cache_dir()) / "lowkey" / "results";
}

CacheUse cache_use(const std::filesystem::path& folder) {
    CacheUse use;
    for (const auto& file : client::files_of(folder, "")) {
        ++use.entries;
        use.bytes += file.bytes;
    }
    return use;
}

CacheUse clear_cache(const std::filesystem::path& folder) {
    const CacheUse use = cache_use(folder);
    for (const bool unfinished : {false, true})
        for (const auto& file : client::files_of(folder, "", unfinished))
            if (unlink(file.path.c_str()) != 0 && errno != ENOENT)
                throw Error(ErrorKind::file, "“" + file.path.string() +
                                                 "” cannot be removed: " + g_strerror(errno) +
                                                 ". Remove the folder by hand.");
    return use;
}

}  // namespace lowkey
