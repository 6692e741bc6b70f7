// What each format's file implements. `name` is the quoted file name for messages.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "image/file.h"
#include "lowkey/error.h"

namespace lowkey::image {

using Bytes = std::vector<std::byte>;
using ByteSpan = std::span<const std::byte>;

LoadedPicture read_jpeg(ByteSpan file, const std::string& name);
LoadedPicture read_png(ByteSpan file, const std::string& name);
LoadedPicture read_tiff(ByteSpan file, const std::string& name);
LoadedPicture read_webp(ByteSpan file, const std::string& name);

// Pixels and profile only; metadata.h adds the rest. The result holds no thumbnail and no second
// page.
Bytes write_jpeg(const PictureView& picture, const FileInfo& info);
Bytes write_png(const PictureView& picture, const FileInfo& info);
Bytes write_tiff(const PictureView& picture, const FileInfo& info);
Bytes write_webp(const PictureView& picture, const FileInfo& info);

// Throw Error(input) for what the format cannot hold, as writing does.
void check_jpeg(const PictureView& picture);
void check_webp(const PictureView& picture);

// 1..8 as a TIFF's first directory has it: Exiv2 does not read BigTIFF.
int tiff_orientation(ByteSpan file);
bool is_big_tiff(ByteSpan file);

// Refuses sizes that no picture has before memory is asked for: a hostile header claims anything.
void check_size(const std::string& name, std::size_t width, std::size_t height);

[[noreturn]] void fail_damaged(const std::string& name, const std::string& detail);

}  // namespace lowkey::image
