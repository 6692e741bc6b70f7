#include "evaluate/trial.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "lowkey/error.h"

namespace lowkey::evaluate {
namespace {

namespace fs = std::filesystem;

// Half precision moves an embedding by less than that; networks that were trained apart, even on
// one target, answer a face by more.
constexpr double kSameNetwork = 0.999;

std::string file_name_of(std::string name) {
    std::ranges::replace_if(
        name, [](unsigned char c) { return c < 0x80 && !std::isalnum(c) && c != '_'; }, '-');
    return name;
}

// Made beside its place and renamed: several shards write the same pack at once.
void link_file(const fs::path& from, const fs::path& to) {
    std::error_code problem;
    fs::create_directories(to.parent_path(), problem);
    fs::path made = to;
    made += ".";
    made += std::to_string(getpid());
    fs::remove(made, problem);
    fs::create_symlink(fs::absolute(from), made, problem);
    if (!problem) fs::rename(made, to, problem);
    if (problem) {
        std::error_code ignored;
        fs::remove(made, ignored);
        throw Error(ErrorKind::file, "“" + to.string() + "” cannot be written: " +
                                         problem.message() + ". Choose another folder with -o.");
    }
}

void write_pack(const fs::path& whole, const model::Manifest& manifest, const fs::path& folder) {
    for (const auto& entry : manifest.recognisers)
        link_file(whole / entry.weights.file, folder / entry.weights.file);
    if (manifest.perceptual)
        link_file(whole / manifest.perceptual->weights.file,
                  folder / manifest.perceptual->weights.file);
    if (manifest.detector)
        link_file(whole / manifest.detector->model.file, folder / manifest.detector->model.file);
    model::write_manifest(folder, manifest);
}

[[noreturn]] void refuse(const std::string& judge, const std::string& why) {
    throw Error(ErrorKind::input, "The judge “" + judge + "” " + why +
                                      ", so its verdict would say nothing. Choose another pack of "
                                      "judges, or take one of the two out of its pack.");
}

Trial before_all(const fs::path& pack, const model::Manifest& judges) {
    std::vector<std::size_t> all(judges.recognisers.size());
    std::iota(all.begin(), all.end(), 0);
    return {file_name_of(model::read_manifest(pack).name), pack, std::move(all)};
}

}  // namespace

Trial judged_by(const fs::path& pack, const fs::path& judges) {
    const model::Manifest manifest = model::read_manifest(judges);
    Trial trial = before_all(pack, manifest);
    refuse_shared_weights(trial, manifest);
    return trial;
}

Trial judged_by_itself(const fs::path& pack) {
    return before_all(pack, model::read_manifest(pack));
}

std::vector<Trial> leave_one_out(const fs::path& pack, const fs::path& folder) {
    const model::Manifest whole = model::read_manifest(pack);
    const std::size_t count = whole.recognisers.size();
    if (count < 2) {
        throw Error(ErrorKind::input, "The pack “" + whole.name +
                                          "” has only one recogniser, so none can be left out. "
                                          "Name a pack of judges with --judges.");
    }
    std::vector<Trial> trials;
    for (std::size_t left_out = 0; left_out < count; ++left_out) {
        model::Manifest manifest = whole;
        const std::string name = whole.recognisers[left_out].name;
        manifest.recognisers.erase(manifest.recognisers.begin() +
                                   static_cast<std::ptrdiff_t>(left_out));
        manifest.name = whole.name + " without " + name;
        Trial trial{"without-" + file_name_of(name), {}, {left_out}};
        if (std::ranges::find(trials, trial.name, &Trial::name) != trials.end())
            trial.name += "-" + std::to_string(left_out);  // "a b" beside "a-b"
        trial.pack = folder / trial.name;
        write_pack(pack, manifest, trial.pack);
        refuse_shared_weights(trial, whole);
        trials.push_back(std::move(trial));
    }
    return trials;
}

void refuse_shared_weights(const Trial& trial, const model::Manifest& judges) {
    for (const auto& member : model::read_manifest(trial.pack).recognisers) {
        for (const std::size_t judge : trial.judges) {
            const auto& entry = judges.recognisers[judge];
            if (entry.weights.sha256 == member.weights.sha256)
                refuse(entry.name, "has the same weights as “" + member.name +
                                       "”, with which the cloak is made");
        }
    }
}

void refuse_same_network(const Trial& trial, Panel& judges, Panel& members,
                         const cv::Mat& picture) {
    const std::optional<cv::Matx23d> alignment = judges.align(picture);
    if (!alignment) return;
    const auto embedding = [&](Panel& panel, std::size_t i) {
        return panel.embed_aligned({picture}, {*alignment}, i)[0];
    };
    for (std::size_t m = 0; m < members.size(); ++m) {
        const torch::Tensor theirs = embedding(members, m);
        for (const std::size_t judge : trial.judges) {
            const torch::Tensor its = embedding(judges, judge);
            if (its.numel() == theirs.numel() && its.dot(theirs).item<double>() > kSameNetwork)
                refuse(judges.name(judge),
                       "answers as “" + members.name(m) +
                           "” does, with which the cloak is made: it is the same network");
        }
    }
}

}  // namespace lowkey::evaluate
