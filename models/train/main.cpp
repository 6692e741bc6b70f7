// lowkey-train: makes the default pack's networks.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cloak/machine.h"
#include "cloak/objective.h"
#include "command/kernels.h"
#include "lowkey/error.h"
#include "model/pack.h"
#include "train/assemble.h"
#include "train/close_up_data.h"
#include "train/close_up_training.h"
#include "train/crops.h"
#include "train/detector_check.h"
#include "train/detector_training.h"
#include "train/distil.h"
#include "train/labels.h"
#include "train/perceptual.h"
#include "train/perceptual_check.h"
#include "train/teachers.h"
#include "train/validate.h"
#include "train/views.h"
#include "train/whole.h"

namespace {

constexpr int kIdleMegabytes = 2047;  // the most that malloc can be told

void print_rank1(const std::string& crops_folder, const std::string& pack_folder) {
    const auto crops = lowkey::train::read_crops(crops_folder);
    auto pack = lowkey::model::load_pack(pack_folder, torch::kCPU);
    for (std::size_t i = 0; i < pack.recognisers.size(); ++i) {
        const auto plain = [&](const torch::Tensor& pictures) {
            return pack.recognisers[i]->embed(
                lowkey::train::crop_for(*pack.recognisers[i], pictures));
        };
        const auto with_mirror = [&](const torch::Tensor& pictures) {
            return lowkey::cloak::with_mirror(
                torch::stack({plain(pictures), plain(pictures.flip({3}))}, 1).flatten(0, 1));
        };
        std::cout << pack.recognisers[i]->name() << " " << lowkey::train::rank1(crops, plain)
                  << ", with the mirrored face's embedding added "
                  << lowkey::train::rank1(crops, with_mirror) << "\n";
    }
}

// What every training can be told.
template <typename Settings>
void add_training(CLI::App& command, Settings& settings) {
    command.add_option("--run", settings.run, "Folder for checkpoints and the log; made if needed")
        ->required();
    command.add_option("--steps", settings.steps, "Length of the whole schedule")
        ->capture_default_str();
    command.add_option("--seed", settings.seed)->capture_default_str();
    command.add_option("--device", settings.device, "auto, cpu, cuda")->capture_default_str();
}

void add_precision(CLI::App& command, lowkey::train::Precision& precision) {
    command.add_flag_callback(
        "--bfloat16", [&precision] { precision = lowkey::train::Precision::bfloat16; },
        "Multiply in bfloat16: faster where the processor has AMX");
}

}  // namespace

int main(int argc, char** argv) {
    lowkey::command::start_with_better_kernels(argv);
    CLI::App app("Trains the networks of LowKey's default pack.");
    app.require_subcommand(1);
    std::string from, to, detector, pack;
    lowkey::train::Whole whole;
    const auto add_whole = [&](CLI::App& command) {
        command.add_option("PEOPLE", whole.people, "Folder of one folder a person")->required();
        command.add_option("TEACHERS", whole.teachers, "Model pack to learn from")->required();
        command.add_option("WORK", whole.work, "Folder for data and checkpoints")->required();
        command.add_option("--device", whole.device, "auto, cpu, cuda")->capture_default_str();
        add_precision(command, whole.precision);
    };
    auto* all_data = app.add_subcommand("prepare", "Make all the data that `everything` needs");
    add_whole(*all_data);
    all_data->add_option("--detector", detector, "YuNet ONNX file")->required();
    auto* everything =
        app.add_subcommand("everything", "Train all and make the pack, going on where it stopped");
    add_whole(*everything);
    everything->add_option("OUT", to, "Folder of the pack")->required();

    lowkey::train::DistilSettings settings;
    lowkey::train::ViewSettings pool;

    auto* crops = app.add_subcommand("crops", "Align the faces of a folder of people");
    crops->add_option("PEOPLE", from, "Folder of one folder a person")->required();
    crops->add_option("OUT", to, "Folder for the crops; made if needed")->required();
    crops->add_option("--detector", detector, "YuNet ONNX file")->required();

    auto* views = app.add_subcommand("views", "Make training views and ask the teachers once");
    views->add_option("--crops", pool.crops, "Folder made by `crops`")->required();
    views->add_option("--teachers", pool.teachers, "Model pack to learn from")->required();
    views->add_option("OUT", pool.out, "Folder for the views; made if needed")->required();
    views->add_option("--attacked", pool.attacked,
                      "Pack that some of the views are cloaked against (default: the teachers)");
    views->add_option("--share", pool.share, "Share of the views that are cloaked")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    views->add_option("--cloak-steps", pool.steps, "Steps of a cloak, at most")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    views->add_option("--first", pool.first, "Number of the first shard")->capture_default_str();
    views->add_option("--shards", pool.shards, "Shards of 2048 views")->capture_default_str();
    add_precision(*views, pool.precision);
    views->add_option("--seed", pool.seed)->capture_default_str();
    views->add_option("--device", pool.device, "auto, cpu, cuda")->capture_default_str();

    auto* distil =
        app.add_subcommand("distil", "Train the students, going on from the last checkpoint");
    distil->add_option("--crops", settings.crops, "Folder made by `crops`")->required();
    distil->add_option("--views", settings.views, "Folder made by `views`")->required();
    add_training(*distil, settings);
    distil->add_option("--student", settings.students, "Train this one only (repeatable)");
    distil->add_option("--until", settings.until, "Stop after this step of the schedule");
    distil->add_option(
        "--from", settings.from,
        "Pack to begin with, where --run has no checkpoint; its networks may be smaller");
    distil->add_flag("--shorten", settings.shorten,
                     "Leave out blocks of --from's networks that the students lack");
    distil->add_option("--rate", settings.rate, "Times each student's own peak learning rate")
        ->capture_default_str();
    distil->add_option("--batch", settings.batch, "Views a step")->capture_default_str();
    add_precision(*distil, settings.precision);

    auto* assemble = app.add_subcommand("assemble", "Make the pack from trained weights");
    assemble->add_option("RUN", from, "Folder of `distil`")->required();
    assemble->add_option("OUT", to, "Folder of the pack")->required();

    auto* rank1 =
        app.add_subcommand("rank1", "Rank-1 of a pack's recognisers among the validation people");
    rank1->add_option("CROPS", from, "Folder made by `crops`")->required();
    rank1->add_option("PACK", pack, "Folder of the pack")->required();

    lowkey::train::PerceptualSettings perceptual_settings;
    auto* perceptual = app.add_subcommand(
        "perceptual", "Train the perceptual network, going on from the last checkpoint");
    perceptual->add_option("--crops", perceptual_settings.crops, "Folder made by `crops`")
        ->required();
    perceptual
        ->add_option("--teachers", perceptual_settings.teachers,
                     "Model pack with LPIPS and recognisers")
        ->required();
    add_training(*perceptual, perceptual_settings);

    lowkey::train::PerceptualCheckSettings check_settings;
    auto* perceptual_check = app.add_subcommand(
        "perceptual-check", "Compare the perceptual network with LPIPS on validation people");
    perceptual_check->add_option("CROPS", check_settings.crops, "Folder made by `crops`")
        ->required();
    perceptual_check->add_option("TEACHERS", check_settings.teachers, "Pack that taught it")
        ->required();
    perceptual_check->add_option("WEIGHTS", check_settings.weights, "perceptual.safetensors")
        ->required();
    perceptual_check->add_option("--parts", check_settings.parts, "Parts of crops to distort")
        ->capture_default_str();
    perceptual_check->add_option("--cloaks", check_settings.cloaks, "Faces to cloak")
        ->capture_default_str();

    std::size_t label_count = 4000;
    auto* labels = app.add_subcommand("detector-labels", "Find the training people's faces once");
    labels->add_option("PEOPLE", from, "Folder of one folder a person")->required();
    labels->add_option("OUT", to, "Folder for the labels; made if needed")->required();
    labels->add_option("--detector", detector, "YuNet ONNX file")->required();
    labels->add_option("--count", label_count, "Photos to label, of all training people")
        ->capture_default_str();

    lowkey::train::DetectorSettings detector_settings;
    auto* train_detector = app.add_subcommand(
        "detector", "Train the face detector, going on from the last checkpoint");
    train_detector
        ->add_option("--people", detector_settings.people, "Folder of one folder a person")
        ->required();
    train_detector->add_option("--labels", detector_settings.labels, "Made by `detector-labels`")
        ->required();
    add_training(*train_detector, detector_settings);
    train_detector->add_option("--batch", detector_settings.batch, "Squares of 256 pixels a step")
        ->capture_default_str();
    train_detector->add_option("--rate", detector_settings.rate, "Peak learning rate")
        ->capture_default_str();

    lowkey::train::CandidateSettings candidates;
    auto* close_up_data =
        app.add_subcommand("close-up-data", "Collect what the face detector takes for faces");
    close_up_data->add_option("--people", candidates.people, "Folder of one folder a person")
        ->required();
    close_up_data->add_option("--labels", candidates.labels, "Made by `detector-labels`")
        ->required();
    close_up_data->add_option("--first", candidates.detector, "Weights made by `detector`")
        ->required();
    close_up_data->add_option("OUT", candidates.out, "Folder for them; made if needed")->required();
    close_up_data->add_option("--scenes", candidates.scenes, "Mosaics, beside the photos")
        ->capture_default_str();
    close_up_data->add_option("--seed", candidates.seed)->capture_default_str();

    lowkey::train::CloseUpSettings close_up_settings;
    auto* close_up = app.add_subcommand(
        "close-up", "Train the detector's second look, going on from the last checkpoint");
    close_up->add_option("--candidates", close_up_settings.candidates, "Made by `close-up-data`")
        ->required();
    add_training(*close_up, close_up_settings);
    close_up->add_option("--batch", close_up_settings.batch, "Places a step")
        ->capture_default_str();
    close_up->add_option("--rate", close_up_settings.rate, "Peak learning rate")
        ->capture_default_str();

    lowkey::train::CheckSettings check;
    auto* check_detector =
        app.add_subcommand("detector-check", "Compare a face detector with YuNet");
    check_detector->add_option("DETECTOR", check.detector, "safetensors, ONNX or \"cascade\"")
        ->required();
    check_detector->add_option("--close-up", check.close_up,
                               "Weights made by `close-up` (default: those in DETECTOR, if any)");
    check_detector->add_option("--detector", check.yunet, "YuNet ONNX file")->required();
    check_detector->add_option("--photos", check.folders, "Folder of photos (repeatable)");
    check_detector->add_option("--people", check.people, "Folder of one folder a person");
    check_detector->add_flag("--training-people", check.training_people,
                             "Photos of training people, to choose limits on");
    check_detector->add_option("--count", check.people_photos, "Photos of people")
        ->capture_default_str();
    check_detector->add_option("--labels", check.labels, "For --backgrounds");
    check_detector->add_option("--backgrounds", check.backgrounds, "Empty pictures to look at")
        ->needs("--labels")
        ->needs("--people");
    check_detector->add_flag("--curve", check.curve, "Figures for one score after the other");
    check_detector->add_flag("--mirror", check.mirror,
                             "Compare YuNet with itself in the mirror, too");

    CLI11_PARSE(app, argc, argv);
    lowkey::cloak::keep_freed_buffers(kIdleMegabytes);
    try {
        if (*all_data) lowkey::train::prepare(whole, detector);
        if (*everything) lowkey::train::train_whole(whole, to);
        if (*crops) lowkey::train::prepare_crops(from, detector, to);
        if (*views) lowkey::train::make_views(pool);
        if (*distil) lowkey::train::distil(settings);
        if (*assemble) lowkey::train::assemble(from, to);
        if (*rank1) print_rank1(from, pack);
        if (*perceptual) lowkey::train::train_perceptual(perceptual_settings);
        if (*perceptual_check) lowkey::train::check_perceptual(check_settings);
        if (*labels) lowkey::train::label_photos(from, detector, to, label_count);
        if (*train_detector) lowkey::train::train_detector(detector_settings);
        if (*close_up_data) lowkey::train::make_candidates(candidates);
        if (*close_up) lowkey::train::train_close_up(close_up_settings);
        if (*check_detector) lowkey::train::check_detector(check);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "lowkey-train: " << error.what() << "\n";
        return 1;
    }
}
