// Picture files: JPEG, PNG, TIFF, WebP in and out, with their profile and metadata.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lowkey/picture.h"

namespace lowkey::image {

enum class FileType { jpeg, png, tiff, webp };

// Everything beside the pixels that has to survive into the output file.
struct FileInfo {
    FileType type = FileType::png;
    std::vector<std::byte> icc_profile;  // empty if none
    std::filesystem::path source;        // metadata is copied from here when writing
    std::optional<int> jpeg_quality;     // estimated from the quantisation tables, 1..100
    bool jpeg_subsampled = true;         // chroma at half resolution
    bool jpeg_progressive = false;
    int bits = 8;
};

struct LoadedPicture {
    Picture picture;  // EXIF orientation applied
    FileInfo info;
};

// Throws Error(file) for missing, truncated or damaged files, Error(input) for what is not supported
// (CMYK: names the remedy).
LoadedPicture read(const std::filesystem::path& path);

enum class Exif { keep, drop };  // GPS and thumbnail are removed in either case

// Writes to a temporary file beside `path` and renames; on any failure nothing is left behind.
// Orientation becomes 1. Throws Error(file).
void write(const std::filesystem::path& path, const PictureView& picture, const FileInfo& info, Exif exif);

std::optional<FileType> file_type_of_extension(const std::filesystem::path& path);

}  // namespace lowkey::image
