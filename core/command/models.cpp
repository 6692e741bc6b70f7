// lowkey models
#include <cstdio>
#include <memory>

#include "command/exit_status.h"
#include "command/subcommands.h"
#include "lowkey/cache.h"
#include "lowkey/lowkey.h"

namespace lowkey::command {
namespace {

int list() {
    const std::vector<PackSummary> packs = installed_packs();
    if (packs.empty()) {
        find_pack();  // throws with the places where it looked
        return kDone;
    }
    for (const PackSummary& pack : packs) {
        std::printf("%s\n  folder:      %s\n", pack.name.c_str(), pack.folder.c_str());
        std::printf("  licence:     %s\n  source:      %s\n", pack.licence.c_str(),
                    pack.source.c_str());
        std::string names;
        for (const std::string& name : pack.recognisers)
            names += (names.empty() ? "" : ", ") + name;
        std::printf("  recognisers: %s\n", names.c_str());
    }
    return kDone;
}

int clear() {
    const CacheUse removed = clear_cache();
    std::printf("Removed %d %s (%.1f MB) from %s.\n", removed.entries,
                removed.entries == 1 ? "result" : "results",
                static_cast<double>(removed.bytes) / 1e6, cache_folder().c_str());
    return kDone;
}

}  // namespace

void add_models(CLI::App& app, int& status) {
    auto clears = std::make_shared<bool>(false);
    CLI::App* models = app.add_subcommand("models", "List the installed model packs");
    models->add_flag("--clear-cache", *clears,
                     "Instead of listing, remove the results that the Krita plug-in keeps in " +
                         cache_folder().string() +
                         " (cloaked faces only); a running Krita goes on with those in its memory");
    models->callback([clears, &status] { status = *clears ? clear() : list(); });
}

}  // namespace lowkey::command
