// From the names on the command line to pairs of input and output files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/file.h"

namespace lowkey::command {

struct Input {
    std::filesystem::path file;
    std::filesystem::path
        folder;  // relative to the folder named on the command line; empty: a file named
    bool from_folder = false;
};

// Files as they are; folders as the pictures in them (by extension, sorted), without hidden files
// and without what lowkey itself made. Throws Error(file) for a folder that cannot be read; one
// below it that cannot be read comes as a file, which fails by itself.
std::vector<Input> expand(const std::vector<std::filesystem::path>& named, bool recursive);

// Where `-o` leads: a file for a single input, a folder otherwise.
struct Destination {
    std::optional<std::filesystem::path> file, folder;  // neither: beside the input
};

// Throws Error(input) if -o names a file but several pictures go there, or has an unknown
// extension.
Destination destination(const std::string& option, const std::vector<std::filesystem::path>& named);

// NAME.cloaked.EXT, with the extension of what the file really is.
std::filesystem::path output_for(const Input& input, const Destination& destination,
                                 image::FileType type);

}  // namespace lowkey::command
