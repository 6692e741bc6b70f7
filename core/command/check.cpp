// lowkey check A B
#include <cstdio>
#include <memory>

#include "command/engine.h"
#include "command/exit_status.h"
#include "command/subcommands.h"
#include "image/file.h"

namespace lowkey::command {
namespace {

struct CheckArguments {
    std::filesystem::path clean, cloaked;
    bool json = false;
    EngineOptions engine;
};

int run(const CheckArguments& arguments) {
    const image::LoadedPicture clean = image::read(arguments.clean);
    const image::LoadedPicture cloaked = image::read(arguments.cloaked);
    const Report report =
        load(arguments.engine).check(clean.picture.view(), cloaked.picture.view());
    std::printf("%s\n", (arguments.json ? to_json(report) : to_text(report)).c_str());
    return kDone;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
    auto arguments = std::make_shared<CheckArguments>();
    CLI::App* check =
        app.add_subcommand("check", "Compare a clean and a cloaked photo, face by face");
    check->add_option("A", arguments->clean, "The clean photo")->required();
    check->add_option("B", arguments->cloaked, "The cloaked photo, of the same size")->required();
    check->add_flag("--json", arguments->json, "Print the report as JSON");
    add_engine_options(*check, arguments->engine);
    check->footer(
        "Similarity is the cosine of the two faces' embeddings: 1 is the same face, near 0 a "
        "stranger.\nDSSIM, LPIPS and PSNR measure how much the picture has changed.");
    check->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace lowkey::command
