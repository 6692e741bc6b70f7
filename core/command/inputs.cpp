#include "command/inputs.h"

#include <algorithm>

#include "lowkey/error.h"

namespace lowkey::command {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = ".cloaked";

bool is_ours(const fs::path& file) {
    return file.stem().extension() == kMark;
}

// A folder that may not be looked into. Links are not followed.
bool is_locked(const fs::directory_entry& entry) {
    std::error_code problem;
    if (entry.is_symlink(problem) || !entry.is_directory(problem)) return false;
    const fs::directory_iterator opened(entry.path(), problem);
    return static_cast<bool>(problem);
}

template <typename Iterator>
void add_pictures(const fs::path& folder, std::vector<Input>& inputs) {
    std::error_code problem;
    constexpr bool kRecursive = requires(Iterator each) {
        each.disable_recursion_pending();
    };
    const auto add = [&](const fs::path& path) {
        inputs.push_back({path, path.parent_path().lexically_relative(folder), true});
    };
    Iterator entry(folder, problem);
    for (; !problem && entry != Iterator(); entry.increment(problem)) {
        const fs::path& path = entry->path();
        std::error_code ignored;
        const bool hidden = path.filename().string().starts_with('.');
        const bool locked = kRecursive && !hidden && is_locked(*entry);
        if constexpr (kRecursive) {
            if (hidden || locked) entry.disable_recursion_pending();
        }
        // Reading it as a picture will fail and say why, and the others go on.
        if (locked) add(path);
        if (hidden || !entry->is_regular_file(ignored)) continue;
        if (is_ours(path) || !image::file_type_of_extension(path)) continue;
        add(path);
    }
    if (problem)
        throw Error(ErrorKind::file, "The folder “" + folder.string() +
                                         "” cannot be read: " + problem.message() +
                                         ". Change its permissions or name another one.");
}

}  // namespace

std::vector<Input> expand(const std::vector<fs::path>& named, bool recursive) {
    std::vector<Input> inputs;
    for (const fs::path& name : named) {
        std::error_code missing;
        if (!fs::is_directory(name, missing)) {
            inputs.push_back({name, {}, false});
            continue;
        }
        const auto before = static_cast<std::ptrdiff_t>(inputs.size());
        if (recursive)
            add_pictures<fs::recursive_directory_iterator>(name, inputs);
        else
            add_pictures<fs::directory_iterator>(name, inputs);
        std::sort(inputs.begin() + before, inputs.end(),
                  [](const Input& a, const Input& b) { return a.file < b.file; });
    }
    return inputs;
}

Destination destination(const std::string& option, const std::vector<fs::path>& named) {
    if (option.empty()) return {};
    const fs::path path = option;
    std::error_code missing;
    const bool is_folder = option.back() == '/' || fs::is_directory(path, missing);
    const bool single = named.size() == 1 && !fs::is_directory(named[0], missing);
    if (is_folder) return {{}, path};
    const bool names_picture = image::file_type_of_extension(path).has_value();
    if (single) {
        if (names_picture) return {path, {}};
        throw Error(ErrorKind::input,
                    "“" + option +
                        "” does not say what to write. End it in .jpg, .png, .tif or .webp, "
                        "or in / for a folder.");
    }
    if (names_picture || fs::exists(path, missing))
        throw Error(ErrorKind::input, "Several pictures cannot go into the one file “" + option +
                                          "”. Name a folder with -o.");
    return {{}, path};
}

fs::path output_for(const Input& input, const Destination& destination, image::FileType type) {
    if (destination.file) return *destination.file;
    std::string name = input.file.stem().string() + kMark;
    // A wrong extension would make other programs read the output as what it is not.
    if (image::file_type_of_extension(input.file) == type)
        name += input.file.extension().string();
    else
        name += std::string(".") + image::usual_extension(type);
    if (!destination.folder) return input.file.parent_path() / name;
    return (*destination.folder / input.folder / name).lexically_normal();
}

}  // namespace lowkey::command
