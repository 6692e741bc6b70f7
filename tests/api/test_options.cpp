#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowkey/error.h"
#include "lowkey/options.h"

using namespace lowkey;
using testing::HasSubstr;

namespace {

std::string complaint(const Options& options) {
    try {
        validate(options);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::input);
        return error.what();
    }
    return "";
}

}  // namespace

TEST(Options, EveryPresetIsValidAndFoundByItsName) {
    for (const Preset preset : kPresets) {
        Options options;
        options.preset = preset;
        EXPECT_EQ(complaint(options), "");
        EXPECT_EQ(parse_preset(preset_defaults(preset).name), preset);
    }
    EXPECT_FALSE(parse_preset("Balanced "));
}

TEST(Options, PresetsGetStronger) {
    EXPECT_LT(preset_defaults(Preset::light).strength, preset_defaults(Preset::balanced).strength);
    EXPECT_LT(preset_defaults(Preset::balanced).strength, preset_defaults(Preset::strong).strength);
    EXPECT_EQ(preset_defaults(Preset::paper).iterations, 50);  // as published
}

TEST(Options, APersonsNumbersWinOverThePreset) {
    Options options;
    EXPECT_EQ(effective_strength(options), preset_defaults(Preset::balanced).strength);
    options.strength = 0;
    options.iterations = 7;
    EXPECT_EQ(effective_strength(options), 0);
    EXPECT_EQ(effective_iterations(options), 7);
}

TEST(Options, OutOfRangeIsNamed) {
    Options options;
    options.strength = 101;
    EXPECT_THAT(complaint(options), HasSubstr("Strength is 101"));
    options.strength = 100;
    options.iterations = 0;
    EXPECT_THAT(complaint(options), HasSubstr("iterations"));
    options.iterations = 500;
    EXPECT_EQ(complaint(options), "");
    options.faces = {0, -1};
    EXPECT_THAT(complaint(options), HasSubstr("Face -1"));
    options.faces = {};
    options.region = Rect{5, 5, 0, 9};
    EXPECT_THAT(complaint(options), HasSubstr("region"));
}

TEST(Options, DevicesAreChecked) {
    for (const char* good : {"auto", "cpu", "cuda", "cuda:0", "cuda:12"}) {
        Options options;
        options.device = good;
        EXPECT_EQ(complaint(options), "") << good;
    }
    for (const char* bad : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:99999999999"}) {
        Options options;
        options.device = bad;
        EXPECT_THAT(complaint(options), HasSubstr("device")) << bad;
    }
}
