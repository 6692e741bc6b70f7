// lowkey worker: what the plug-ins start; not for people.
#include "worker/worker.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "command/subcommands.h"

namespace lowkey::command {

void add_worker(CLI::App& app, int& status) {
    auto settings = std::make_shared<worker::WorkerSettings>();
    CLI::App* worker = app.add_subcommand(
        "worker",
        "Serve an editor's plug-in over standard input and output (started by the plug-in)");
    worker
        ->add_option("--pack", settings->pack,
                     "Model pack: a folder, or the name of an installed one")
        ->type_name("NAME|DIR");
    worker->add_option("--device", settings->device, "auto, cpu, cuda or cuda:N")
        ->type_name("DEVICE")
        ->capture_default_str();
    worker
        ->add_option("--idle-seconds", settings->idle_seconds,
                     "End after this long without a request")
        ->type_name("N")
        ->capture_default_str();
    worker->callback([settings, &status] { status = worker::run(*settings); });
}

}  // namespace lowkey::command
