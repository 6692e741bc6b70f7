// lowkey models
#include <cstdio>

#include "command/exit_status.h"
#include "command/subcommands.h"
#include "lowkey/lowkey.h"

namespace lowkey::command {
namespace {

int run() {
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

}  // namespace

void add_models(CLI::App& app, int& status) {
    CLI::App* models = app.add_subcommand("models", "List the installed model packs");
    models->callback([&status] { status = run(); });
}

}  // namespace lowkey::command
