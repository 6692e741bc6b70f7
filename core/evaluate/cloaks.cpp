#include "evaluate/cloaks.h"

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "face/face.h"
#include "image/atomic_file.h"
#include "image/file.h"
#include "lowkey/error.h"
#include "lowkey/lowkey.h"
#include "model/checksum.h"

namespace lowkey::evaluate {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

json description_of(const Setting& setting, const std::vector<Person>& subjects) {
    // The manifest has the hashes of all weights, and what else decides on a cloak.
    return {{"pack", model::sha256(setting.pack / "manifest.json")},
            {"people",
             fs::canonical(subjects.front().photos.front().parent_path().parent_path()).string()},
            {"build", model::sha256("/proc/self/exe")}};
}

void write_json(const fs::path& file, const json& value) {
    const std::string text = value.dump(1) + "\n";
    image::write_file(file, std::as_bytes(std::span(text)));
}

json read_json(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return stream ? json::parse(stream, nullptr, false) : json(json::value_t::discarded);
}

// The folder's contents belong to one pack, one folder of people and one build. False: to another
// build, which is accepted.
bool claim(const fs::path& folder, const json& wanted, bool any_build) {
    std::error_code problem;
    fs::create_directories(folder, problem);  // write_json() complains
    const fs::path file = folder / "setting.json";
    const json found = read_json(file);
    if (found.is_discarded()) {
        write_json(file, wanted);
        return true;
    }
    bool same_build = true;
    for (const auto& [key, value] : wanted.items()) {
        if (found.contains(key) && found[key] == value) continue;
        if (key == "build" && any_build) {
            same_build = false;
            continue;
        }
        throw Error(ErrorKind::input,
                    "“" + folder.string() + "” holds photos cloaked " +
                        (key == "pack"     ? "with another pack"
                         : key == "people" ? "of another folder of people"
                                           : "by another build of lowkey") +
                        ". Choose another folder with -o, remove that one" +
                        (key == "build" ? ", or accept them with --any-build." : "."));
    }
    return same_build;
}

// From now on no build may add to it unasked.
void mark_as_mixed(const fs::path& folder, json description) {
    description["build"] = "several";
    write_json(folder / "setting.json", description);
}

// By content: a copy has another time. Empty if it cannot be read, which cloaking it will say.
std::string hash_of(const fs::path& photo) {
    try {
        return model::sha256(photo);
    } catch (const Error&) {
        return {};
    }
}

// What stands beside each picture; written last, so that what it describes is complete.
std::optional<json> finished(const fs::path& folder, const std::string& person,
                             const std::string& photo) {
    json entry = read_json(folder / (person + ".json"));
    std::error_code missing;
    if (!entry.is_object() || !entry.contains("report")) return std::nullopt;
    if (!entry["report"].is_null() && !fs::exists(folder / (person + ".png"), missing))
        return std::nullopt;
    if (entry.value("photo", "") != photo) return std::nullopt;
    return entry;
}

int central_face(Cloaker& cloaker, const PictureView& picture) {
    const std::vector<Face> faces = cloaker.detect(picture);
    if (faces.empty()) throw Error(ErrorKind::no_face, "No face was found.");
    const Face& face = face::most_central(faces, picture.width, picture.height);
    return static_cast<int>(&face - faces.data());
}

json problem(const Error& error) {
    return {{"report", nullptr}, {"problem", error.what()}};
}

json cloak_one(Cloaker& cloaker, const Setting& setting, const Person& subject,
               const fs::path& folder, const ProgressFunction& progress) {
    image::LoadedPicture photo;
    try {
        photo = image::read(subject.photos.front());
    } catch (const Error& error) {
        if (error.kind == ErrorKind::memory) throw;  // that passes, and would be kept
        return problem(error);
    }
    const double begun = processor_seconds();
    CloakResult result;
    try {
        Options options = setting.options;
        options.faces = {central_face(cloaker, photo.picture.view())};
        result = cloaker.cloak(photo.picture.view(), options, {}, progress);
    } catch (const Error& error) {
        if (error.kind != ErrorKind::no_face) throw;
        return problem(error);
    }
    const double seconds = processor_seconds() - begun;
    image::FileInfo info;
    info.type = image::FileType::png;
    image::write(folder / (subject.name + ".png"), result.picture.view(), info, image::Exif::drop);
    return {{"report", json::parse(to_json(result.report))}, {"processor_seconds", seconds}};
}

std::optional<CloakedPhoto> photo_of(const json& entry, const fs::path& picture) {
    if (entry["report"].is_null()) return std::nullopt;
    const Report report = report_from_json(entry["report"].dump());
    return CloakedPhoto{picture, report.faces.at(0), entry.at("processor_seconds").get<double>()};
}

}  // namespace

std::string folder_name(const Setting& setting) {
    return setting.ensemble + "-" + std::string(preset_defaults(setting.options.preset).name) +
           "-strength" + std::to_string(effective_strength(setting.options)) + "-iterations" +
           std::to_string(effective_iterations(setting.options)) + "-seed" +
           std::to_string(setting.options.seed);
}

std::vector<std::optional<CloakedPhoto>> cloak_photos(const Setting& setting,
                                                      const fs::path& folder,
                                                      const std::vector<Person>& subjects,
                                                      const Shard& shard, bool any_build,
                                                      const PhotoProgressFunction& progress) {
    const json description = description_of(setting, subjects);
    const bool same_build = claim(folder, description, any_build);
    std::optional<Cloaker> cloaker;  // loaded for the first photo that is missing
    std::vector<std::optional<CloakedPhoto>> photos;
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        const Person& subject = subjects[i];
        const auto tell = [&](const Progress& step) { return progress({i, subject.name, step}); };
        if (!tell({})) throw Error(ErrorKind::cancelled, "Cancelled.");
        const std::string photo = hash_of(subject.photos.front());
        std::optional<json> entry = finished(folder, subject.name, photo);
        if (!entry && i % shard.count == shard.index) {
            if (!cloaker) {
                cloaker.emplace(setting.pack, setting.options.device);
                if (!same_build) mark_as_mixed(folder, description);
            }
            entry = cloak_one(*cloaker, setting, subject, folder, tell);
            (*entry)["photo"] = photo;
            write_json(folder / (subject.name + ".json"), *entry);
        }
        photos.push_back(entry ? photo_of(*entry, folder / (subject.name + ".png")) : std::nullopt);
    }
    return photos;
}

}  // namespace lowkey::evaluate
