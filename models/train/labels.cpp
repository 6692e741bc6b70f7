#include "train/labels.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "evaluate/people.h"
#include "face/face.h"
#include "lowkey/error.h"
#include "train/crops.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;

cv::Mat read_rgb(const fs::path& file) {
    cv::Mat picture = cv::imread(file.string(), cv::IMREAD_COLOR);
    if (picture.empty())
        throw Error(ErrorKind::file, "The photo " + file.string() +
                                         " cannot be read. Copy it again, or leave it out.");
    cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
    return picture;
}

}  // namespace

std::vector<fs::path> photos_of(const fs::path& people, bool validation) {
    std::vector<fs::path> photos;
    for (const auto& person : fs::directory_iterator(people)) {
        if (!person.is_directory() ||
            evaluate::is_validation(person.path().filename().string()) != validation)
            continue;
        for (const auto& photo : fs::directory_iterator(person.path()))
            photos.push_back(photo.path());
    }
    std::sort(photos.begin(), photos.end());
    return photos;
}

std::vector<fs::path> spread(const std::vector<fs::path>& photos, std::size_t count) {
    const std::size_t wanted = std::min(photos.size(), count);
    std::vector<fs::path> chosen;
    for (std::size_t i = 0; i < wanted; ++i) chosen.push_back(photos[i * photos.size() / wanted]);
    return chosen;
}

void label_photos(const fs::path& people, const fs::path& yunet, const fs::path& out,
                  std::size_t count) {
    const auto detector = face::make_yunet(yunet, {kLeastLabel, kLeastLabel});
    fs::create_directories(out);
    std::ofstream labels(out / "labels.jsonl");
    int done = 0;
    for (const fs::path& photo : spread(photos_of(people, false), count)) {
        const auto faces = detector->detect(read_rgb(photo));
        labels << nlohmann::json{{"photo", fs::relative(photo, people).string()},
                                 {"faces", nlohmann::json::parse(to_json(faces))}}
                      .dump()
               << "\n";
        if (++done % 500 == 0) std::cerr << done << " photos\n";
    }
    labels.close();
    if (!labels)
        throw Error(ErrorKind::file,
                    "Cannot write " + (out / "labels.jsonl").string() + ". Is the disk full?");
    std::cerr << done << " photos\n";
}

LabelledPhotos::LabelledPhotos(const fs::path& people, const fs::path& labels) {
    std::ifstream lines(labels / "labels.jsonl");
    for (std::string line; std::getline(lines, line);) {
        Entry entry;
        try {
            const auto json = nlohmann::json::parse(line);
            entry.file = people / json.at("photo").get<std::string>();
            entry.faces = faces_from_json(json.at("faces").dump());
        } catch (const nlohmann::json::exception&) {
            throw Error(ErrorKind::file, (labels / "labels.jsonl").string() +
                                             " is damaged. Run `lowkey-train detector-labels` "
                                             "again.");
        }
        const cv::Mat whole = read_rgb(entry.file);
        cv::resize(whole, entry.half, {}, 0.5, 0.5, cv::INTER_AREA);
        cv::resize(whole, entry.quarter, {}, 0.25, 0.25, cv::INTER_AREA);
        entries_.push_back(std::move(entry));
    }
    if (entries_.empty())
        throw Error(ErrorKind::file, "No labels in " + labels.string() +
                                         ". Run `lowkey-train detector-labels` first.");
}

LabelledPhotos::Version LabelledPhotos::at_least(std::size_t i, double scale) const {
    const Entry& entry = entries_[i];
    if (scale <= 0.25) return {entry.quarter, 0.25};
    if (scale <= 0.5) return {entry.half, 0.5};
    return {read_rgb(entry.file), 1};
}

}  // namespace lowkey::train
