#include "image/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace lowkey::image {
namespace {

namespace fs = std::filesystem;

std::string reason_and_remedy(int error) {
    switch (error) {
        case ENOENT:
            return "it does not exist. Check the name";
        case EACCES:
        case EPERM:
            return "permission is denied. Choose another folder or change the permissions";
        case EROFS:
            return "the folder is read-only. Choose another folder";
        case ENOSPC:
        case EDQUOT:
            return "the disk is full. Free some space or choose another disk";
        case EFBIG:
            return "the file would be larger than allowed here. Choose another disk";
        case ENAMETOOLONG:
            return "the name is too long. Choose a shorter one";
        case ENOTDIR:
            return "a part of its path is no folder. Check the name";
        case EEXIST:
            return "a file of that name is there by now, and was left as it is. Choose another "
                   "name";
        default:
            return std::string(std::strerror(error)) + ". Try again, or choose another place";
    }
}

[[noreturn]] void fail(const char* verb, const fs::path& path, int error) {
    throw Error(ErrorKind::file,
                quoted(path) + " cannot be " + verb + ": " + reason_and_remedy(error) + ".");
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    // Some file systems report a full disk only here.
    bool close() {
        const int fd = fd_;
        fd_ = -1;
        return fd < 0 || ::close(fd) == 0;
    }

  private:
    int fd_;
};

// Removes the temporary file unless it has become the real one.
class TemporaryName {
  public:
    explicit TemporaryName(std::string name) : name_(std::move(name)) {}
    ~TemporaryName() {
        if (!name_.empty()) ::unlink(name_.c_str());
    }
    TemporaryName(const TemporaryName&) = delete;
    TemporaryName& operator=(const TemporaryName&) = delete;
    void keep() { name_.clear(); }

  private:
    std::string name_;
};

bool write_all(int fd, ByteSpan bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

mode_t permissions_for(const fs::path& path) {
    struct stat old;
    if (::stat(path.c_str(), &old) == 0) {
        // A rename would turn a device or a pipe into a plain file.
        if (!S_ISREG(old.st_mode))
            throw Error(ErrorKind::file,
                        quoted(path) + " is no ordinary file. Choose another output.");
        return old.st_mode & 07777;
    }
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

// The rename itself lasts only once the folder is on disk too; no harm where that is not possible.
void sync_folder(const fs::path& folder) {
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() >= 0) ::fsync(fd.get());
}

// A link to a file keeps pointing at it: the file gets the new content.
fs::path behind_link(const fs::path& path) {
    std::error_code unresolved;
    const fs::path resolved =
        fs::is_symlink(path, unresolved) ? fs::canonical(path, unresolved) : path;
    return unresolved ? path : resolved;
}

fs::path folder_of(const fs::path& target) {
    return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

// False with EEXIST, and nothing changed, if there is a `to`.
bool rename_to_new(const char* from, const char* to) {
    if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return true;
    // Some network folders know no such rename: there a moment remains between look and rename.
    if (errno != EINVAL && errno != ENOSYS) return false;
    if (::faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return false;
    }
    return ::rename(from, to) == 0;
}

[[noreturn]] void fail_to_create(const fs::path& path, const fs::path& folder, int error) {
    if (error == ENOENT)
        throw Error(ErrorKind::file, quoted(path) + " cannot be written: the folder " +
                                         quoted(folder) + " does not exist. Create it first.");
    fail("written", path, error);
}

}  // namespace

std::string quoted(const fs::path& path) {
    return "“" + path.string() + "”";
}

Bytes read_file(const fs::path& path) {
    // Non-blocking: opening a pipe that nobody writes to would wait for ever.
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) fail("read", path, errno);
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) fail("read", path, errno);
    if (S_ISDIR(info.st_mode))
        throw Error(ErrorKind::file,
                    quoted(path) + " is a folder, not a picture. Choose a picture in it.");
    if (!S_ISREG(info.st_mode))
        throw Error(ErrorKind::file, quoted(path) + " is no ordinary file. Choose a picture file.");
    if (info.st_size == 0)
        throw Error(ErrorKind::file, quoted(path) + " is empty. Copy it again from where it came.");
    Bytes bytes(static_cast<std::size_t>(info.st_size));
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t n = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("read", path, errno);
        if (n == 0) break;  // it has been cut short meanwhile; the decoder will say so
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
}

void check_place(const fs::path& path) {
    const fs::path target = behind_link(path);
    permissions_for(target);
    const fs::path folder = folder_of(target);
    // With a slash at its end, a file is no folder.
    if (::access((folder / "").c_str(), W_OK | X_OK) != 0) fail_to_create(path, folder, errno);
}

void write_file(const fs::path& path, ByteSpan bytes, Existing existing) {
    write_file(path, std::span(&bytes, 1), existing);
}

void write_file(const fs::path& path, std::span<const ByteSpan> parts, Existing existing) {
    const fs::path target = existing == Existing::keep ? path : behind_link(path);
    const mode_t mode = permissions_for(target);
    const fs::path folder = folder_of(target);
    std::string name = (folder / ".lowkey-XXXXXX").string();
    Descriptor fd(::mkostemp(name.data(), O_CLOEXEC));
    if (fd.get() < 0) fail_to_create(path, folder, errno);
    TemporaryName temporary(name);
    // FAT and some network folders know no permissions: the file is no worse for it.
    [[maybe_unused]] const int ignored = ::fchmod(fd.get(), mode);
    for (const ByteSpan bytes : parts)
        if (!write_all(fd.get(), bytes)) fail("written", path, errno);
    if (::fsync(fd.get()) != 0 || !fd.close()) fail("written", path, errno);
    const bool there = existing == Existing::keep ? rename_to_new(name.c_str(), target.c_str())
                                                  : ::rename(name.c_str(), target.c_str()) == 0;
    if (!there) fail("written", path, errno);
    temporary.keep();
    sync_folder(folder);
}

}  // namespace lowkey::image
