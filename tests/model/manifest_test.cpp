#include "model/manifest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "expect_error.h"
#include "model/checksum.h"
#include "temporary_folder.h"

namespace lowkey::model {
namespace {

using lowkey::testing::expect_error;
using lowkey::testing::TemporaryFolder;
using lowkey::testing::write_text;

const std::string kHash(64, 'a');

nlohmann::json good_manifest() {
    return {{"format", 1},
            {"name", "test"},
            {"licence", "CC0-1.0"},
            {"source", "a test"},
            {"recognisers",
             {{{"name", "one"},
               {"architecture", {{"name", "mobilefacenet"}}},
               {"input", {{"width", 96}, {"height", 112}, {"offset_x", 8}}},
               {"preprocessing", {{"color", "bgr"}, {"mean", 127.5}, {"deviation", {1, 2, 3}}}},
               {"period", 3},
               {"weights", "one.safetensors"},
               {"sha256", kHash}}}},
            {"perceptual",
             {{"backbone", "squeeze"},
              {"factor", 1.5},
              {"weights", "p.safetensors"},
              {"sha256", kHash}}},
            {"detector", {{"kind", "yunet"}, {"file", "sub/d.onnx"}, {"sha256", kHash}}}};
}

TEST(Manifest, IsReadAsWritten) {
    const TemporaryFolder folder;
    write_text(folder / "manifest.json", good_manifest().dump());
    const auto first = read_manifest(folder.path());
    write_manifest(folder.path(), first);
    for (const auto& manifest : {first, read_manifest(folder.path())}) {
        EXPECT_EQ(manifest.name, "test");
        ASSERT_EQ(manifest.recognisers.size(), 1U);
        const auto& entry = manifest.recognisers[0];
        EXPECT_EQ(entry.crop, (face::CropGeometry{96, 112, 8, 0, 1}));
        EXPECT_TRUE(entry.preprocessing.bgr);
        EXPECT_EQ(entry.preprocessing.mean, (std::array<double, 3>{127.5, 127.5, 127.5}));
        EXPECT_EQ(entry.preprocessing.deviation, (std::array<double, 3>{1, 2, 3}));
        EXPECT_FALSE(entry.mirror);
        EXPECT_EQ(entry.period, 3);
        EXPECT_EQ(entry.weights.file, "one.safetensors");
        EXPECT_EQ(manifest.perceptual->backbone, "squeeze");
        EXPECT_EQ(manifest.perceptual->factor, 1.5);
        EXPECT_EQ(manifest.detector->model.file, "sub/d.onnx");
    }
}

struct Broken {
    const char* name;
    std::function<void(nlohmann::json&)> change;
    const char* words;
};

class BrokenManifest : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenManifest, IsRefusedWithItsPathAndTheReason) {
    const TemporaryFolder folder;
    auto json = good_manifest();
    GetParam().change(json);
    write_text(folder / "manifest.json", json.dump());
    expect_error(ErrorKind::pack, GetParam().words, [&] { read_manifest(folder.path()); });
    expect_error(ErrorKind::pack, (folder / "manifest.json").string(),
                 [&] { read_manifest(folder.path()); });
}

using Json = nlohmann::json;
INSTANTIATE_TEST_SUITE_P(
    Manifests, BrokenManifest,
    ::testing::Values(
        Broken{"NewerFormat", [](Json& j) { j["format"] = 2; }, "Update LowKey"},
        Broken{"NoFormat", [](Json& j) { j.erase("format"); }, "\"format\" is missing"},
        Broken{"UnknownKey", [](Json& j) { j["recognizers"] = 1; }, "\"recognizers\" is unknown"},
        Broken{"UnknownInnerKey", [](Json& j) { j["recognisers"][0]["input"]["widht"] = 1; },
               "\"widht\" is unknown"},
        Broken{"NoLicence", [](Json& j) { j.erase("licence"); }, "\"licence\" is missing"},
        Broken{"NoRecogniser", [](Json& j) { j["recognisers"] = Json::array(); }, "no recogniser"},
        Broken{"RecognisersIsText", [](Json& j) { j["recognisers"] = "all"; }, "must be a list"},
        Broken{"RecogniserIsNumber", [](Json& j) { j["recognisers"][0] = 3; }, "entry 1"},
        Broken{"SameNames", [](Json& j) { j["recognisers"].push_back(j["recognisers"][0]); },
               "two recognisers"},
        Broken{"AbsolutePath", [](Json& j) { j["recognisers"][0]["weights"] = "/etc/passwd"; },
               "outside"},
        Broken{"ParentPath", [](Json& j) { j["perceptual"]["weights"] = "../x"; }, "outside"},
        Broken{"HiddenParentPath", [](Json& j) { j["detector"]["file"] = "a/../../x"; }, "outside"},
        Broken{"NulInPath", [](Json& j) { j["detector"]["file"] = std::string("a\0b", 3); },
               R"("file" must be a text)"},
        Broken{"ControlCharacters", [](Json& j) { j["name"] = "\x1b[31mred"; },
               R"("name" must be a text)"},
        Broken{"ShortHash", [](Json& j) { j["recognisers"][0]["sha256"] = "abc"; }, "64"},
        Broken{"HashInCapitals",
               [](Json& j) { j["recognisers"][0]["sha256"] = std::string(64, 'A'); }, "64"},
        Broken{"HugeInput", [](Json& j) { j["recognisers"][0]["input"]["width"] = 1e9; },
               "\"width\""},
        Broken{"FractionalInput", [](Json& j) { j["recognisers"][0]["input"]["width"] = 99.5; },
               "whole number"},
        Broken{"ZeroStep", [](Json& j) { j["recognisers"][0]["input"]["step"] = 0; }, "\"step\""},
        Broken{"ZeroDeviation",
               [](Json& j) { j["recognisers"][0]["preprocessing"]["deviation"] = 0; },
               "\"deviation\""},
        Broken{"UnknownColor",
               [](Json& j) { j["recognisers"][0]["preprocessing"]["color"] = "yuv"; }, "\"color\""},
        Broken{"MirrorIsText", [](Json& j) { j["recognisers"][0]["mirror"] = "yes"; },
               "true or false"},
        Broken{"NoPeriod", [](Json& j) { j["recognisers"][0]["period"] = 0; }, "\"period\""},
        Broken{"UnknownBackbone", [](Json& j) { j["perceptual"]["backbone"] = "resnet"; },
               "\"backbone\""},
        Broken{"UnknownDetector", [](Json& j) { j["detector"]["kind"] = "magic"; }, "\"kind\""}),
    [](const auto& info) { return info.param.name; });

TEST(Manifest, TextThatIsNotJsonIsRefused) {
    const TemporaryFolder folder;
    for (const auto& text :
         {std::string("{\"format\":"), std::string(), std::string(100000, '{'),
          R"({"x":)" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}"}) {
        write_text(folder / "manifest.json", text);
        expect_error(ErrorKind::pack, "not valid JSON", [&] { read_manifest(folder.path()); });
    }
}

TEST(Manifest, AFolderWithoutOneIsNamed) {
    const TemporaryFolder folder;
    expect_error(ErrorKind::pack, folder.path().string(), [&] { read_manifest(folder.path()); });
}

TEST(Checksum, IsSha256) {
    const TemporaryFolder folder;
    write_text(folder / "abc", "abc");  // FIPS 180-2, appendix B.1
    EXPECT_EQ(sha256(folder / "abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    write_text(folder / "a", std::string(1000000, 'a'));  // appendix B.3
    EXPECT_EQ(sha256(folder / "a"),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    expect_error(ErrorKind::pack, "cannot be read", [&] { sha256(folder / "none"); });
    expect_error(ErrorKind::pack, "cannot be read", [&] { sha256(folder.path()); });
}

TEST(Manifest, AChangedFileIsNamedWithTheRemedy) {
    const TemporaryFolder folder;
    write_text(folder / "one.safetensors", "abc");
    Manifest manifest;
    manifest.recognisers.resize(1);
    manifest.recognisers[0].weights = {"one.safetensors", sha256(folder / "one.safetensors"), "",
                                       ""};
    EXPECT_NO_THROW(check_files(folder.path(), manifest));
    write_text(folder / "one.safetensors", "abd");
    expect_error(ErrorKind::pack, "one.safetensors", [&] { check_files(folder.path(), manifest); });
    expect_error(ErrorKind::pack, "again", [&] { check_files(folder.path(), manifest); });
    std::filesystem::remove(folder / "one.safetensors");
    ASSERT_EQ(::mkfifo((folder / "one.safetensors").c_str(), 0600), 0);  // nobody writes to it
    expect_error(ErrorKind::pack, "no ordinary file",
                 [&] { check_files(folder.path(), manifest); });
}

}  // namespace
}  // namespace lowkey::model
