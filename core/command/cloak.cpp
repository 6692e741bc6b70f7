// lowkey cloak IN... [-o OUT|DIR]
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "command/engine.h"
#include "command/exit_status.h"
#include "command/inputs.h"
#include "command/interrupt.h"
#include "command/progress_line.h"
#include "command/recipe.h"
#include "command/subcommands.h"
#include "image/file.h"

namespace lowkey::command {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct CloakArguments {
    std::vector<fs::path> inputs;
    std::string output;
    bool recursive = false, force = false, quiet = false;
    std::string exif = "keep", report = "text";
    std::optional<int> quality;
    RecipeOptions recipe;
    std::vector<int> faces, region;
    EngineOptions engine;
};

Options options_of(const CloakArguments& arguments) {
    Options options = options_of(arguments.recipe);
    options.faces = arguments.faces;
    if (!arguments.region.empty())
        options.region = Rect{arguments.region[0], arguments.region[1], arguments.region[2],
                              arguments.region[3]};
    options.device = arguments.engine.device;
    validate(options);
    return options;
}

struct Batch {
    const CloakArguments& arguments;
    Options options;
    Destination to;
    Cloaker cloaker;
    ProgressLine& line;
    std::set<fs::path> inputs = {}, outputs = {};  // whole paths
    json results = json::array();
};

enum class Outcome { done, skipped };

void refuse_existing(const fs::path& output) {
    throw Error(ErrorKind::file,
                "“" + output.string() +
                    "” exists already. Choose another name with -o, or add --force to "
                    "replace it.");
}

void report(Batch& batch, const Input& input, const fs::path& output, const Report& report) {
    if (batch.arguments.report == "json")
        batch.results.push_back({{"input", input.file.string()},
                                 {"output", output.string()},
                                 {"report", json::parse(to_json(report))}});
    if (batch.arguments.report != "text") return;
    batch.line.clear();
    std::printf("%s → %s\n%s\n", input.file.c_str(), output.c_str(), to_text(report).c_str());
    std::fflush(stdout);
}

fs::path whole(const fs::path& path) {
    std::error_code problem;
    const fs::path canonical = fs::weakly_canonical(path, problem);
    return problem ? path : canonical;
}

// With --force a picture may take its own original's place, if its person names it so, and no
// other's. A place stays with the first of two pictures even where that one fails: run again, it
// would else seem to be done.
void claim(Batch& batch, const Input& input, const fs::path& output) {
    const fs::path place = whole(output);
    if (!batch.outputs.insert(place).second)
        throw Error(ErrorKind::file, "“" + output.string() +
                                         "” is the place of another picture of the same name. "
                                         "Cloak them into different folders.");
    const bool named = batch.to.file && place == whole(input.file);
    if (!named && batch.inputs.contains(place))
        throw Error(ErrorKind::file, "“" + output.string() +
                                         "” is itself one of the pictures to cloak, so it is not "
                                         "written over. Cloak into another folder with -o.");
}

// A new folder is made with the first picture for it, in the nearest one that there is already.
fs::path in_folder_that_is(const fs::path& output) {
    std::error_code problem;
    fs::path folder = output.parent_path();
    while (!folder.empty() && fs::status(folder, problem).type() == fs::file_type::not_found)
        folder = folder.parent_path();
    return folder / output.filename();
}

Outcome cloak_file(Batch& batch, const Input& input) {
    image::LoadedPicture loaded = image::read(input.file);
    if (batch.to.file) loaded.info.type = image::file_type_of_extension(*batch.to.file).value();
    loaded.info.quality = batch.arguments.quality;
    const fs::path output = output_for(input, batch.to, loaded.info.type);
    claim(batch, input, output);
    std::error_code problem;
    if (!batch.arguments.force && fs::exists(fs::symlink_status(output, problem))) {
        // Running the same batch again goes on where it stopped.
        if (input.from_folder) {
            if (batch.arguments.report == "json")
                batch.results.push_back({{"input", input.file.string()},
                                         {"output", output.string()},
                                         {"skipped", "the output was there before"}});
            return Outcome::skipped;
        }
        refuse_existing(output);
    }
    image::check_writable(in_folder_that_is(output), loaded.picture.view(), loaded.info);
    const auto progress = [&](const Progress& p) {
        batch.line.update(p.fraction, p.stage);
        return !interrupted();
    };
    CloakResult result = batch.cloaker.cloak(loaded.picture.view(), batch.options, {}, progress);
    if (interrupted()) throw Error(ErrorKind::cancelled, "Cancelled.");
    const auto exif = batch.arguments.exif == "keep" ? image::Exif::keep : image::Exif::drop;
    if (output.has_parent_path())
        fs::create_directories(output.parent_path(), problem);  // write() complains
    const auto existing = batch.arguments.force ? image::Existing::replace : image::Existing::keep;
    if (!image::write(output, result.picture.view(), loaded.info, exif, existing))
        result.report.notes.emplace_back(
            "The photo's metadata could not be carried over and was left out.");
    report(batch, input, output, result.report);
    return Outcome::done;
}

void fail(Batch& batch, const Input& input, const std::exception& problem) {
    batch.line.message("lowkey: " + input.file.string() + ": " + problem.what());
    if (batch.arguments.report == "json")
        batch.results.push_back({{"input", input.file.string()}, {"error", problem.what()}});
}

int run_batch(Batch& batch, const std::vector<Input>& inputs) {
    std::size_t done = 0, skipped = 0, failed = 0;
    bool cancelled = false;
    for (std::size_t i = 0; i < inputs.size() && !cancelled; ++i) {
        if ((cancelled = interrupted())) break;
        batch.line.start(i, inputs[i].file.filename().string());
        try {
            ++(cloak_file(batch, inputs[i]) == Outcome::done ? done : skipped);
        } catch (const Error& error) {
            cancelled = error.kind == ErrorKind::cancelled;
            if (cancelled) break;
            ++failed;
            fail(batch, inputs[i], error);
        } catch (const std::exception& problem) {
            ++failed;
            fail(batch, inputs[i], problem);
        }
    }
    if (inputs.size() > 1 || cancelled) {
        std::string summary =
            std::to_string(done) + " of " + std::to_string(inputs.size()) + " cloaked";
        if (skipped)
            summary += ", " + std::to_string(skipped) +
                       " skipped (their outputs are there; --force writes them anew)";
        if (failed) summary += ", " + std::to_string(failed) + " failed";
        batch.line.message(summary + (cancelled ? ". Cancelled." : "."));
    }
    if (batch.arguments.report == "json")
        std::printf("%s\n",
                    batch.results.dump(2, ' ', false, json::error_handler_t::replace).c_str());
    return cancelled ? kCancelled : failed ? kFailed : kDone;
}

int run(const CloakArguments& arguments) {
    Options options;
    Destination to;
    try {
        options = options_of(arguments);
        to = destination(arguments.output, arguments.inputs);
    } catch (const Error& error) {
        complain(error);
        return kWrongUsage;
    }
    const std::vector<Input> inputs = expand(arguments.inputs, arguments.recursive);
    if (inputs.empty())
        throw Error(
            ErrorKind::file,
            "There is no JPEG, PNG, TIFF or WebP picture to cloak there" +
                std::string(arguments.recursive ? "."
                                                : ". Add --recursive to look into folders below."));
    catch_interrupts();
    ProgressLine line(inputs.size(), arguments.quiet);
    Batch batch{arguments, options, to, load(arguments.engine), line};
    for (const Input& input : inputs) batch.inputs.insert(whole(input.file));
    return run_batch(batch, inputs);
}

void add_face_options(CLI::App& app, CloakArguments& arguments) {
    app.add_option("--faces", arguments.faces,
                   "Only these faces, as `lowkey detect` counts them: 0,2")
        ->type_name("LIST")
        ->delimiter(',')
        ->allow_extra_args(false);  // what follows is a picture
    app.add_option("--region", arguments.region,
                   "Only faces in this part of the picture, in pixels; if none at all is found "
                   "there, the region itself is taken as the face")
        ->type_name("X,Y,W,H")
        ->delimiter(',')
        ->expected(4)
        ->allow_extra_args(false);
}

}  // namespace

void add_cloak(CLI::App& app, int& status) {
    auto arguments = std::make_shared<CloakArguments>();
    CLI::App* cloak = app.add_subcommand("cloak", "Cloak the faces of photos");
    cloak
        ->add_option("IN", arguments->inputs,
                     "Pictures (JPEG, PNG, TIFF, WebP), or folders of them")
        ->required();
    cloak
        ->add_option(
            "-o,--output", arguments->output,
            "Output file, or folder for several; default: NAME.cloaked.EXT beside each picture")
        ->type_name("OUT|DIR");
    cloak->add_flag("-r,--recursive", arguments->recursive, "Look into folders below as well");
    cloak->add_flag("-f,--force", arguments->force, "Replace output files that exist");
    add_recipe_options(*cloak, arguments->recipe);
    add_face_options(*cloak, *arguments);
    cloak
        ->add_option(
            "--exif", arguments->exif,
            "keep or drop the photo's EXIF, XMP and IPTC; GPS, thumbnails and maker notes are "
            "removed in any case")
        ->check(CLI::IsMember({"keep", "drop"}))
        ->capture_default_str();
    cloak
        ->add_option("--quality", arguments->quality,
                     "JPEG and WebP quality; default: as the photo's")
        ->type_name("1-100")
        ->check(CLI::Range(1, 100));
    cloak
        ->add_option("--report", arguments->report,
                     "What to print about the result on standard output")
        ->check(CLI::IsMember({"text", "json", "none"}))
        ->capture_default_str();
    cloak->add_flag("-q,--quiet", arguments->quiet, "No progress on standard error, only problems");
    add_engine_options(*cloak, arguments->engine);
    cloak->footer(std::string("Examples:\n"
                              "  lowkey cloak photo.jpg\n"
                              "  lowkey cloak holiday/ -r -o ready-to-post/ --preset strong\n"
                              "  lowkey cloak group.png --faces 0,2 -o group-cloaked.png\n\n") +
                  kExitStatusHelp + "\n" + std::string(honest_notice()));
    cloak->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace lowkey::command
