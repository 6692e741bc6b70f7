// lowkey-pack: makes and checks model packs.
#include <CLI/CLI.hpp>
#include <iostream>

#include "convert/convert.h"
#include "convert/random.h"
#include "lowkey/error.h"
#include "model/manifest.h"
#include "model/pack.h"

namespace {

void verify(const std::string& folder) {
    const auto pack = lowkey::model::load_pack(folder, torch::kCPU);
    std::cout << pack.name << ": " << pack.licence << "\n";
    for (const auto& recogniser : pack.recognisers) {
        std::cout << "  recogniser " << recogniser->name() << ", input " << recogniser->crop().width
                  << "x" << recogniser->crop().height << "\n";
    }
    std::cout << "  perceptual network: " << (pack.perceptual ? "yes" : "no") << "\n"
              << "  detector: " << (pack.detector ? "yes" : "none, OpenCV's cascades are used")
              << "\nEvery hash is right and every network loads.\n";
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Makes and checks LowKey model packs.");
    app.require_subcommand(1);
    std::string from, to, folder;
    bool half = false;
    std::uint64_t seed = 1;

    auto* convert = app.add_subcommand("convert", "Turn the networks of shared/models into a pack");
    convert->add_option("SHARED_MODELS", from, "Folder with the .txt and .bin files")->required();
    convert->add_option("OUT", to, "Folder of the pack; made if needed")->required();
    convert->add_flag("--float16", half, "Store parameters in half precision");

    auto* random = app.add_subcommand("random", "Make a tiny pack of random networks, for tests");
    random->add_option("OUT", to, "Folder of the pack; made if needed")->required();
    random->add_option("--seed", seed, "Seed of the random numbers")->capture_default_str();

    auto* verify_command =
        app.add_subcommand("verify", "Check a pack's hashes and load its networks");
    verify_command->add_option("FOLDER", folder, "Folder of the pack")->required();

    CLI11_PARSE(app, argc, argv);
    try {
        if (*convert) {
            lowkey::convert::convert_pack(
                from, to, half ? lowkey::model::Storage::float16 : lowkey::model::Storage::float32);
        } else if (*random) {
            lowkey::convert::random_pack(to, seed);
        } else {
            verify(folder);
        }
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "lowkey-pack: " << error.what() << "\n";
        return 1;
    }
}
