#include "model/manifest.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <span>

#include "image/atomic_file.h"
#include "lowkey/error.h"
#include "model/checksum.h"
#include "model/json_object.h"

namespace lowkey::model {
namespace {

// Far above any real manifest; keeps a wrong file from being read into memory.
constexpr std::uintmax_t kMaxManifest = 4 << 20;

// A pack must not reach outside its own folder.
void require_inside(const JsonObject& object, const std::string& file) {
    const std::filesystem::path path(file);
    bool inside = path.is_relative() && !path.has_root_path() && path.has_filename();
    for (const auto& part : path) inside = inside && part != "..";
    if (!inside) object.fail("the file \"" + file + "\" lies outside the pack's folder");
}

PackFile parse_file(JsonObject& object, const std::string& key) {
    PackFile file;
    file.file = object.text(key);
    require_inside(object, file.file);
    file.sha256 = object.text("sha256");
    if (file.sha256.size() != 64 ||
        file.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
        object.fail("\"sha256\" must have 64 lower-case hexadecimal digits");
    }
    file.licence = object.text("licence", "");
    file.source = object.text("source", "");
    return file;
}

face::CropGeometry parse_crop(JsonObject object) {
    face::CropGeometry crop;
    crop.width = object.integer("width", 16, 512);
    crop.height = object.integer("height", 16, 512);
    crop.offset_x = object.number("offset_x", -512, 512, 0);
    crop.offset_y = object.number("offset_y", -512, 512, 0);
    crop.step = object.number("step", 0.05, 20, 1);
    object.finish();
    return crop;
}

Preprocessing parse_preprocessing(JsonObject object) {
    Preprocessing preprocessing;
    const auto color = object.text("color");
    if (color != "rgb" && color != "bgr") object.fail("\"color\" must be \"rgb\" or \"bgr\"");
    preprocessing.bgr = color == "bgr";
    std::ranges::copy(object.channels("mean", -1e4, 1e4), preprocessing.mean.begin());
    std::ranges::copy(object.channels("deviation", 1e-6, 1e6), preprocessing.deviation.begin());
    object.finish();
    return preprocessing;
}

RecogniserEntry parse_recogniser(JsonObject object) {
    RecogniserEntry entry;
    entry.name = object.text("name");
    entry.architecture = object.raw("architecture");
    entry.crop = parse_crop(object.object("input"));
    entry.preprocessing = parse_preprocessing(object.object("preprocessing"));
    entry.mirror = object.boolean("mirror", false);
    entry.period = object.integer("period", 1, 100, 1);
    entry.weights = parse_file(object, "weights");
    object.finish();
    return entry;
}

PerceptualEntry parse_perceptual(JsonObject object) {
    PerceptualEntry entry;
    entry.backbone = object.text("backbone");
    if (entry.backbone != "squeeze" && entry.backbone != "alex" && entry.backbone != "vgg" &&
        entry.backbone != "lowkey") {
        object.fail(R"("backbone" must be "squeeze", "alex", "vgg" or "lowkey")");
    }
    entry.width = object.number("width", 0.05, 2, 1);
    entry.weights = parse_file(object, "weights");
    entry.factor = object.number("factor", 0.1, 10, 1);
    object.finish();
    return entry;
}

DetectorEntry parse_detector(JsonObject object) {
    DetectorEntry entry;
    entry.kind = object.text("kind");
    if (entry.kind != "yunet" && entry.kind != "lowkey") {
        object.fail(R"("kind" must be "yunet" or "lowkey")");
    }
    entry.model = parse_file(object, "file");
    object.finish();
    return entry;
}

nlohmann::json to_json(const PackFile& file, const char* key) {
    nlohmann::json json{{key, file.file}, {"sha256", file.sha256}};
    if (!file.licence.empty()) json["licence"] = file.licence;
    if (!file.source.empty()) json["source"] = file.source;
    return json;
}

nlohmann::json to_json(const RecogniserEntry& entry) {
    auto json = to_json(entry.weights, "weights");
    json["name"] = entry.name;
    json["architecture"] = entry.architecture;
    json["input"] = {{"width", entry.crop.width},
                     {"height", entry.crop.height},
                     {"offset_x", entry.crop.offset_x},
                     {"offset_y", entry.crop.offset_y},
                     {"step", entry.crop.step}};
    json["preprocessing"] = {{"color", entry.preprocessing.bgr ? "bgr" : "rgb"},
                             {"mean", entry.preprocessing.mean},
                             {"deviation", entry.preprocessing.deviation}};
    json["mirror"] = entry.mirror;
    if (entry.period != 1) json["period"] = entry.period;
    return json;
}

// Deeper than any manifest; copying or comparing JSON goes down as deep as it is nested.
constexpr int kDeepest = 16;

// Discarded if it is not JSON or nested too deeply.
nlohmann::json parse(std::istream& stream) {
    bool too_deep = false;
    const auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        too_deep = too_deep || depth > kDeepest;
        return depth <= kDeepest;
    };
    auto json = nlohmann::json::parse(stream, shallow, false);
    return too_deep ? nlohmann::json(nlohmann::json::value_t::discarded) : json;
}

void check_file(const std::filesystem::path& folder, const PackFile& file) {
    const auto path = folder / file.file;
    // A pipe or a device never ends.
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed)) {
        throw Error(ErrorKind::pack, "The model file " + path.string() +
                                         " is missing or no ordinary file. Install the model "
                                         "pack again.");
    }
    if (sha256(path) != file.sha256) {
        throw Error(ErrorKind::pack, "The model file " + path.string() +
                                         " is not the one that its pack's manifest describes "
                                         "(wrong SHA-256). Install the model pack again.");
    }
}

}  // namespace

Manifest read_manifest(const std::filesystem::path& folder) {
    const auto path = folder / "manifest.json";
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    std::ifstream stream;
    if (!failed) stream.open(path, std::ios::binary);  // a pipe has no size and would be waited for
    if (failed || !stream) {
        throw Error(ErrorKind::pack, folder.string() +
                                         " is not a model pack: it has no readable manifest.json. "
                                         "Choose the folder of a pack, or install the pack again.");
    }
    const std::string where = "The model pack's manifest " + path.string();
    const auto json =
        size > kMaxManifest ? nlohmann::json(nlohmann::json::value_t::discarded) : parse(stream);
    if (json.is_discarded()) {
        throw Error(
            ErrorKind::pack,
            where + " is not valid JSON, or nested too deeply. Install the model pack again.");
    }
    JsonObject object(json, where);
    const int format = object.integer("format", 1, 1'000'000);
    if (format != kManifestFormat) {
        throw Error(ErrorKind::pack, where + " has format " + std::to_string(format) +
                                         "; this version of LowKey reads format " +
                                         std::to_string(kManifestFormat) +
                                         ". Update LowKey, or use a pack made for this version.");
    }
    Manifest manifest;
    manifest.name = object.text("name");
    manifest.licence = object.text("licence");
    manifest.source = object.text("source");
    std::set<std::string> names;
    for (auto& entry : object.objects("recognisers")) {
        manifest.recognisers.push_back(parse_recogniser(entry));
        if (!names.insert(manifest.recognisers.back().name).second) {
            object.fail("two recognisers are called \"" + manifest.recognisers.back().name + "\"");
        }
    }
    if (manifest.recognisers.empty()) object.fail("it lists no recogniser");
    if (object.has("perceptual"))
        manifest.perceptual = parse_perceptual(object.object("perceptual"));
    if (object.has("detector")) manifest.detector = parse_detector(object.object("detector"));
    object.finish();
    return manifest;
}

void check_files(const std::filesystem::path& folder, const Manifest& manifest) {
    for (const auto& entry : manifest.recognisers) check_file(folder, entry.weights);
    if (manifest.perceptual) check_file(folder, manifest.perceptual->weights);
    if (manifest.detector) check_file(folder, manifest.detector->model);
}

void write_manifest(const std::filesystem::path& folder, const Manifest& manifest) {
    nlohmann::json json{{"format", kManifestFormat},
                        {"name", manifest.name},
                        {"licence", manifest.licence},
                        {"source", manifest.source},
                        {"recognisers", nlohmann::json::array()}};
    for (const auto& entry : manifest.recognisers) json["recognisers"].push_back(to_json(entry));
    if (manifest.perceptual) {
        auto& perceptual = json["perceptual"] = to_json(manifest.perceptual->weights, "weights");
        perceptual["backbone"] = manifest.perceptual->backbone;
        perceptual["width"] = manifest.perceptual->width;
        if (manifest.perceptual->factor != 1) perceptual["factor"] = manifest.perceptual->factor;
    }
    if (manifest.detector) {
        auto& detector = json["detector"] = to_json(manifest.detector->model, "file");
        detector["kind"] = manifest.detector->kind;
    }
    const std::string text = json.dump(2) + '\n';
    image::write_file(folder / "manifest.json", std::as_bytes(std::span(text)));
}

}  // namespace lowkey::model
