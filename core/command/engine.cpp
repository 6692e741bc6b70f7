#include "command/engine.h"

#include <ATen/Parallel.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <opencv2/core/utility.hpp>

namespace lowkey::command {

void add_engine_options(CLI::App& app, EngineOptions& options) {
    app.add_option("--pack", options.pack, "Model pack: a folder, or the name of an installed one")
        ->type_name("NAME|DIR");
    app.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")
        ->type_name("DEVICE")
        ->capture_default_str();
    app.add_option(
           "--recogniser", options.recognisers,
           "A TorchScript recogniser of your own to add (N x 3 x 112 x 112, RGB in -1..1); "
           "may be given again. It is code and runs with your rights: name only files you trust")
        ->type_name("FILE.pt")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option(
           "--threads", options.threads,
           "Processor threads to use; default: one a core. Where several lowkey run at once, or "
           "other programs are busy, fewer are far faster: they wait for each other")
        ->type_name("N")
        ->check(CLI::Range(1, 1024));
}

Cloaker load(const EngineOptions& options) {
    Cloaker cloaker(find_pack(options.pack), options.device, options.recognisers);
    if (options.threads > 0) {
        at::set_num_threads(options.threads);
        cv::setNumThreads(options.threads);
    }
    return cloaker;
}

}  // namespace lowkey::command
