// SHA-256 of pack files.
#pragma once

#include <filesystem>
#include <string>

namespace lowkey::model {

// 64 lower-case hexadecimal digits. Throws Error(pack) for a file that cannot be read.
std::string sha256(const std::filesystem::path& file);

}  // namespace lowkey::model
