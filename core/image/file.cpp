#include "image/file.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "image/atomic_file.h"
#include "image/codec.h"
#include "image/metadata.h"
#include "image/orientation.h"
#include "image/profile.h"

namespace lowkey::image {
namespace {

namespace fs = std::filesystem;

std::optional<FileType> type_of(ByteSpan bytes) {
    const auto starts = [&](std::string_view signature, std::size_t at = 0) {
        return bytes.size() >= at + signature.size() &&
               std::memcmp(bytes.data() + at, signature.data(), signature.size()) == 0;
    };
    using namespace std::string_view_literals;
    if (starts("\xFF\xD8\xFF"sv)) return FileType::jpeg;
    if (starts("\x89PNG\r\n\x1A\n"sv)) return FileType::png;
    if (starts("II*\0"sv) || starts("MM\0*"sv) || is_big_tiff(bytes)) return FileType::tiff;
    if (starts("RIFF"sv) && starts("WEBP"sv, 8)) return FileType::webp;
    return std::nullopt;
}

LoadedPicture decode(FileType type, ByteSpan bytes, const std::string& name) {
    switch (type) {
        case FileType::jpeg:
            return read_jpeg(bytes, name);
        case FileType::png:
            return read_png(bytes, name);
        case FileType::tiff:
            return read_tiff(bytes, name);
        case FileType::webp:
            return read_webp(bytes, name);
    }
    fail_damaged(name, "unknown type");
}

Bytes encode(const PictureView& picture, const FileInfo& info) {
    switch (info.type) {
        case FileType::jpeg:
            return write_jpeg(picture, info);
        case FileType::png:
            return write_png(picture, info);
        case FileType::tiff:
            return write_tiff(picture, info);
        case FileType::webp:
            return write_webp(picture, info);
    }
    return {};
}

Error out_of_memory(const std::string& name) {
    return {ErrorKind::memory, "There is not enough memory for " + name +
                                   ". Close other programs or scale the picture down."};
}

// Rows become columns: so do the frequencies that a table is of.
void transpose(JpegCoding& coding) {
    for (auto& [horizontal, vertical] : coding.sampling) std::swap(horizontal, vertical);
    for (auto& table : coding.tables)
        for (std::size_t row = 0; row < 8; ++row)
            for (std::size_t column = 0; column < row; ++column)
                std::swap(table[8 * row + column], table[8 * column + row]);
}

// Only a PNG can say "linear light" without a profile.
FileInfo with_encoding_told(FileInfo info, const PixelFormat& format) {
    if (info.type == FileType::png || format.encoding != Encoding::linear ||
        !info.icc_profile.empty())
        return info;
    info.icc_profile =
        linear_profile(color_channel_count(format.channels) == 1, info.png_colour.chromaticities);
    return info;
}

}  // namespace

void check_size(const std::string& name, std::size_t width, std::size_t height) {
    constexpr std::size_t kMaxSide = 1 << 20;
    if (width == 0 || height == 0) fail_damaged(name, "it has no pixels");
    if (width <= kMaxSide && height <= kMaxSide && width * height <= kMaxFilePixels) return;
    throw Error(ErrorKind::input, name + " claims " + std::to_string(width) + " × " +
                                      std::to_string(height) + " pixels, more than LowKey takes (" +
                                      std::to_string(kMaxFilePixels / 1'000'000) +
                                      " megapixels). Scale it down first.");
}

void fail_damaged(const std::string& name, const std::string& detail) {
    throw Error(ErrorKind::file, name + " is damaged or cut short (" +
                                     (detail.empty() ? std::string("no detail") : detail) +
                                     "). Copy it again from where it came, or export it anew.");
}

LoadedPicture read(const fs::path& path) {
    const std::string name = quoted(path);
    try {
        const Bytes bytes = read_file(path);
        const std::optional<FileType> type = type_of(bytes);
        if (!type)
            throw Error(
                ErrorKind::input,
                name + " is no JPEG, PNG, TIFF or WebP picture. Export it as one of these first.");
        LoadedPicture loaded = decode(*type, bytes, name);
        loaded.info.source = path;
        if (is_linear_profile(loaded.info.icc_profile))
            loaded.picture.set_encoding(Encoding::linear);
        const int orientation =
            type == FileType::tiff ? tiff_orientation(bytes) : orientation_of(bytes);
        loaded.picture = upright(std::move(loaded.picture), orientation);
        if (swaps_sides(orientation)) {
            std::swap(loaded.info.resolution.x, loaded.info.resolution.y);
            if (loaded.info.jpeg) transpose(*loaded.info.jpeg);
        }
        return loaded;
    } catch (const std::bad_alloc&) {
        throw out_of_memory(name);
    }
}

void check_writable(const fs::path& path, const PictureView& picture, const FileInfo& info) {
    if (info.type == FileType::jpeg) check_jpeg(picture);
    if (info.type == FileType::webp) check_webp(picture);
    check_place(path);
}

bool write(const fs::path& path, const PictureView& picture, const FileInfo& info, Exif exif,
           Existing existing) {
    try {
        Bytes bytes = encode(picture, with_encoding_told(info, picture.format));
        bool complete = true;
        if (exif == Exif::keep && !info.source.empty())
            complete = copy_metadata(read_file(info.source), bytes, picture.width, picture.height);
        write_file(path, bytes, existing);
        return complete;
    } catch (const std::bad_alloc&) {
        throw out_of_memory(quoted(path));
    }
}

std::optional<FileType> file_type_of_extension(const fs::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) {
        return c < 128 ? static_cast<char>(std::tolower(c)) : '\0';
    });
    if (extension == ".jpg" || extension == ".jpeg" || extension == ".jpe" || extension == ".jfif")
        return FileType::jpeg;
    if (extension == ".png") return FileType::png;
    if (extension == ".tif" || extension == ".tiff") return FileType::tiff;
    if (extension == ".webp") return FileType::webp;
    return std::nullopt;
}

const char* usual_extension(FileType type) {
    switch (type) {
        case FileType::jpeg:
            return "jpg";
        case FileType::png:
            return "png";
        case FileType::tiff:
            return "tif";
        case FileType::webp:
            return "webp";
    }
    return "";
}

}  // namespace lowkey::image
