// lowkey detect IN
#include <cmath>
#include <cstdio>
#include <memory>

#include "command/engine.h"
#include "command/exit_status.h"
#include "command/subcommands.h"
#include "image/file.h"

namespace lowkey::command {
namespace {

struct DetectArguments {
    std::filesystem::path input;
    bool json = false;
    EngineOptions engine;
};

void print(const std::vector<Face>& faces) {
    std::printf("%zu %s found.\n", faces.size(), faces.size() == 1 ? "face" : "faces");
    for (std::size_t i = 0; i < faces.size(); ++i) {
        const Face& face = faces[i];
        std::printf("%3zu: %ld × %ld pixels at %ld, %ld (certainty %.2f)\n", i,
                    std::lround(face.width), std::lround(face.height), std::lround(face.x),
                    std::lround(face.y), face.score);
    }
}

int run(const DetectArguments& arguments) {
    const image::LoadedPicture loaded = image::read(arguments.input);
    const std::vector<Face> faces = load(arguments.engine).detect(loaded.picture.view());
    if (arguments.json)
        std::printf("%s\n", to_json(faces).c_str());
    else
        print(faces);
    return kDone;
}

}  // namespace

void add_detect(CLI::App& app, int& status) {
    auto arguments = std::make_shared<DetectArguments>();
    CLI::App* detect = app.add_subcommand("detect", "Show the faces found, as --faces counts them");
    detect->add_option("IN", arguments->input, "A picture")->required();
    detect->add_flag("--json", arguments->json, "Print boxes and landmarks as JSON");
    add_engine_options(*detect, arguments->engine);
    detect->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace lowkey::command
