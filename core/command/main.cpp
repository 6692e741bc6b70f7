// The `lowkey` command: the core's API for shells, and the worker of the editors' plug-ins.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "command/exit_status.h"
#include "command/kernels.h"
#include "command/subcommands.h"
#include "lowkey/options.h"

namespace lowkey::command {
namespace {

int run(int argc, char** argv) {
    int status = kDone;
    CLI::App app(
        "LowKey makes the faces in photos hard to match for face recognisers, while people see "
        "the same picture.\nEverything happens on this computer; nothing is sent anywhere.",
        "lowkey");
    app.set_version_flag("--version", "lowkey " LOWKEY_VERSION);
    app.require_subcommand(1);
    app.get_formatter()->column_width(28);
    add_cloak(app, status);
    add_check(app, status);
    add_detect(app, status);
    add_models(app, status);
    add_evaluate(app, status);
    add_worker(app, status);
    app.footer(std::string("lowkey COMMAND --help tells more of each.\n\n") + kExitStatusHelp +
               "\n" + std::string(honest_notice()));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? kDone : kWrongUsage;
    } catch (const Error& error) {
        complain(error);
        return status_of(error);
    } catch (const std::bad_alloc&) {
        complain(Error(ErrorKind::memory,
                       "There is not enough memory. Close other programs, or scale the "
                       "picture down."));
        return kFailed;
    } catch (const std::exception& problem) {
        complain(problem);
        return kFailed;
    }
    return status;
}

// Starting anew costs a third of a second, which only recognisers earn back.
bool runs_recognisers(std::string_view subcommand) {
    return subcommand == "cloak" || subcommand == "check" || subcommand == "evaluate" ||
           subcommand == "worker";
}

}  // namespace
}  // namespace lowkey::command

int main(int argc, char** argv) {
    using namespace lowkey::command;
    if (argc > 1 && runs_recognisers(argv[1])) start_with_better_kernels(argv);
    // A file beyond the size limit is then an error of write(), which leaves nothing behind.
    std::signal(SIGXFSZ, SIG_IGN);
    return run(argc, argv);
}
