// Whole files in and out of memory.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "image/codec.h"

namespace lowkey::image {

// “name.jpg”, for messages.
std::string quoted(const std::filesystem::path& path);

// Throws Error(file) for what is no readable regular file, and for an empty one.
Bytes read_file(const std::filesystem::path& path);

// Throws Error(file) where write_file() could not: no folder, no permission, read-only.
void check_place(const std::filesystem::path& path);

// Writes beside `path`, syncs and renames, so that at no moment there is a half-written file under
// that name. Keeps the permissions of a file that it replaces. Throws Error(file) and leaves
// nothing behind.
void write_file(const std::filesystem::path& path, ByteSpan bytes,
                Existing existing = Existing::replace);
// The same with parts one after the other, which are not joined in memory.
void write_file(const std::filesystem::path& path, std::span<const ByteSpan> parts,
                Existing existing = Existing::replace);

}  // namespace lowkey::image
