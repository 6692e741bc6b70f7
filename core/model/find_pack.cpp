// Where packs are installed, and which one is used.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>

#include "lowkey/lowkey.h"
#include "model/manifest.h"

namespace lowkey {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name, const std::string& fallback = {}) {
    const char* value = std::getenv(name);
    return value && *value ? value : fallback;
}

// Folders that hold packs, one folder a pack, in the order in which they are searched.
std::vector<fs::path> pack_folders() {
    std::vector<fs::path> folders;
    if (const auto named = environment("LOWKEY_PACKS"); !named.empty()) folders.emplace_back(named);

    const auto home = environment("HOME");
    const auto user = environment("XDG_DATA_HOME", home.empty() ? "" : home + "/.local/share");
    if (!user.empty()) folders.push_back(fs::path(user) / "lowkey/packs");

    std::istringstream system(environment("XDG_DATA_DIRS", "/usr/local/share:/usr/share"));
    for (std::string folder; std::getline(system, folder, ':');) {
        if (!folder.empty()) folders.push_back(fs::path(folder) / "lowkey/packs");
    }

    // An installation that was moved, or unpacked without root.
    std::error_code failed;
    const auto executable = fs::read_symlink("/proc/self/exe", failed);
    if (!failed) folders.push_back(executable.parent_path().parent_path() / "share/lowkey/packs");

    folders.push_back(fs::path(LOWKEY_SOURCE_PACKS).lexically_normal());
    return folders;
}

bool is_pack(const fs::path& folder) {
    std::error_code failed;
    return fs::is_regular_file(folder / "manifest.json", failed);
}

fs::path find_named(const std::string& named) {
    std::vector<fs::path> places{named};
    if (fs::path(named).filename() == named) {
        for (const auto& folder : pack_folders()) places.push_back(folder / named);
    }
    std::string looked;
    for (const auto& place : places) {
        if (is_pack(place)) return place;
        looked += "\n  " + place.string();
    }
    throw Error(ErrorKind::pack,
                "There is no model pack \"" + named +
                    "\". Give the folder that holds its manifest.json, or the name of an installed "
                    "pack (\"lowkey models\" lists them). Looked in:" +
                    looked);
}

}  // namespace

fs::path find_pack(const std::string& named) {
    if (!named.empty()) return find_named(named);
    if (const auto chosen = environment("LOWKEY_PACK"); !chosen.empty()) return find_named(chosen);
    std::string looked;
    for (const auto& folder : pack_folders()) {
        auto place = folder / "default";
        if (is_pack(place)) return place;
        looked += "\n  " + place.string();
    }
    throw Error(
        ErrorKind::pack,
        "No model pack is installed. Run LowKey's installer again, or set LOWKEY_PACK to the "
        "folder of a pack. Looked in:" +
            looked);
}

std::vector<PackSummary> installed_packs() {
    std::vector<PackSummary> packs;
    std::set<fs::path> names;  // a pack hides those of the same name in later folders
    for (const auto& folder : pack_folders()) {
        std::vector<fs::path> found;
        std::error_code failed;
        for (fs::directory_iterator item(folder, failed), end; !failed && item != end;
             item.increment(failed)) {
            if (is_pack(item->path())) found.push_back(item->path());
        }
        std::ranges::sort(found);
        for (const auto& path : found) {
            if (!names.insert(path.filename()).second) continue;
            PackSummary summary;
            summary.folder = path;
            try {
                const auto manifest = model::read_manifest(path);
                summary.name = manifest.name;
                summary.licence = manifest.licence;
                summary.source = manifest.source;
                for (const auto& entry : manifest.recognisers) {
                    summary.recognisers.push_back(entry.name);
                }
            } catch (const Error& error) {
                // Listed all the same: a damaged pack should be seen, not vanish.
                summary.name = path.filename().string() + " (damaged)";
                summary.source = error.what();
            }
            packs.push_back(std::move(summary));
        }
    }
    return packs;
}

}  // namespace lowkey
