#include "train/detector_check.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <opencv2/core.hpp>
#include <tuple>

#include "face/merge.h"
#include "image/convert.h"
#include "image/file.h"
#include "model/detector.h"
#include "model/safetensors.h"
#include "train/background.h"
#include "train/scene.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr float kCertain = 0.8F, kLeastOverlap = 0.5F;
constexpr float kLowest = 0.2F;  // of a curve

double landmark_error(const Face& truth, const Face& found) {
    const auto distance = [](const Point& a, const Point& b) {
        return std::hypot(a.x - b.x, a.y - b.y);
    };
    double sum = 0;
    for (std::size_t i = 0; i < truth.landmarks.size(); ++i)
        sum += distance(truth.landmarks[i], found.landmarks[i]);
    return sum / static_cast<double>(truth.landmarks.size()) /
           distance(truth.landmarks[0], truth.landmarks[1]);
}

void add(Agreement& sum, const Findings& findings, float score) {
    std::vector<Face> found;
    std::copy_if(findings.found.begin(), findings.found.end(), std::back_inserter(found),
                 [&](const Face& face) { return face.score >= score; });
    std::vector<std::tuple<float, std::size_t, std::size_t>> pairs;
    for (std::size_t t = 0; t < findings.truth.size(); ++t)
        for (std::size_t f = 0; f < found.size(); ++f)
            if (const float both = face::overlap(findings.truth[t], found[f]);
                both >= kLeastOverlap)
                pairs.emplace_back(both, t, f);
    std::sort(pairs.rbegin(), pairs.rend());
    std::vector<bool> seen(findings.truth.size()), right(found.size());
    for (const auto& [overlap, t, f] : pairs) {
        if (seen[t] || right[f]) continue;
        seen[t] = right[f] = true;
        if (findings.truth[t].score < kCertain) continue;
        ++sum.matched;
        sum.landmark_error += landmark_error(findings.truth[t], found[f]);
    }
    ++sum.photos;
    sum.faces +=
        static_cast<int>(std::count_if(findings.truth.begin(), findings.truth.end(),
                                       [](const Face& face) { return face.score >= kCertain; }));
    sum.false_boxes += static_cast<int>(std::count(right.begin(), right.end(), false));
}

std::unique_ptr<face::Detector> make(const CheckSettings& settings) {
    const fs::path file(settings.detector);
    if (settings.detector == "cascade") return face::make_cascade();
    if (file.extension() == ".onnx") return face::make_yunet(file);
    model::DetectorWeights parts = model::split_detector(model::read_safetensors(file));
    if (!settings.close_up.empty()) parts.close_up = model::read_safetensors(settings.close_up);
    model::DetectorLimits limits;
    if (settings.curve) {
        limits.alone = {kLowest, kLowest};
        limits.close_up = {kLowest, kLowest};
    }
    return model::make_detector(std::move(parts), limits, torch::kCPU, file);
}

void print(const std::string& name, const std::vector<Findings>& findings, bool curve) {
    std::vector<float> scores = {0};
    if (curve) scores = {0.2F, 0.3F, 0.35F, 0.4F, 0.45F, 0.5F, 0.55F, 0.6F, 0.65F, 0.7F, 0.8F};
    for (const float score : scores) {
        const Agreement sum = agreement(findings, score);
        std::cout << name << ": score >= " << score << ", " << sum.photos << " photos, found "
                  << sum.matched << " of " << sum.faces << " faces ("
                  << 100.0 * sum.matched / std::max(1, sum.faces) << " %), " << sum.false_boxes
                  << " false boxes (" << static_cast<double>(sum.false_boxes) / sum.photos
                  << " a photo), landmark error " << 100 * sum.landmark_error
                  << " % of the eye distance" << std::endl;
    }
}

// YuNet's landmarks of a photo and of its mirror image differ: how much of that is in the
// detector's error, and how far it is from the mean of both.
void print_mirrored(const std::string& name, face::Detector& yunet,
                    const std::vector<fs::path>& photos, const std::vector<Findings>& findings) {
    std::vector<Findings> itself, mean;
    for (std::size_t i = 0; i < photos.size(); ++i) {
        const auto loaded = image::read(photos[i]);
        const auto mirrored = in_mirror(yunet, image::to_rgb8(loaded.picture.view()));
        itself.push_back({findings[i].truth, mirrored});
        mean.push_back({averaged(findings[i].truth, mirrored), findings[i].found});
    }
    print(name + ", YuNet in the mirror", itself, false);
    print(name + ", the detector against YuNet's mean with that", mean, false);
}

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

std::vector<Findings> look(face::Detector& detector, face::Detector& yunet,
                           const std::vector<fs::path>& photos) {
    std::vector<Findings> findings;
    for (const fs::path& photo : photos) {
        const auto loaded = image::read(photo);
        const cv::Mat rgb = image::to_rgb8(loaded.picture.view());
        findings.push_back({yunet.detect(rgb), detector.detect(rgb)});
    }
    return findings;
}

std::vector<Face> in_mirror(face::Detector& detector, const cv::Mat& rgb) {
    cv::Mat flipped;
    cv::flip(rgb, flipped, 1);
    std::vector<Face> faces = detector.detect(flipped);
    for (Face& face : faces) face = moved(face, {-1, 0, static_cast<double>(rgb.cols), 0, 1, 0});
    return faces;
}

std::vector<Face> averaged(const std::vector<Face>& seen, const std::vector<Face>& mirrored) {
    std::vector<Face> faces;
    for (Face face : seen) {
        const auto overlap_with = [&](const Face& other) { return face::overlap(face, other); };
        const auto best = std::ranges::max_element(mirrored, {}, overlap_with);
        if (best == mirrored.end() || overlap_with(*best) < kLeastOverlap) continue;
        for (std::size_t i = 0; i < face.landmarks.size(); ++i) {
            face.landmarks[i].x = (face.landmarks[i].x + best->landmarks[i].x) / 2;
            face.landmarks[i].y = (face.landmarks[i].y + best->landmarks[i].y) / 2;
        }
        faces.push_back(face);
    }
    return faces;
}

Agreement agreement(const std::vector<Findings>& findings, float score) {
    Agreement sum;
    for (const Findings& photo : findings) add(sum, photo, score);
    if (sum.matched > 0) sum.landmark_error /= sum.matched;
    return sum;
}

void check_detector(const CheckSettings& settings) {
    const auto detector = make(settings);
    const auto yunet = face::make_yunet(settings.yunet, {kLeastLabel, kLeastLabel});
    std::cout << std::setprecision(4);
    const auto check = [&](const std::string& name, const std::vector<fs::path>& photos) {
        const auto findings = look(*detector, *yunet, photos);
        print(name, findings, settings.curve);
        if (settings.mirror) print_mirrored(name, *yunet, photos, findings);
    };
    for (const fs::path& folder : settings.folders) check(folder.string(), files_in(folder));
    if (!settings.people.empty()) {
        const auto photos = photos_of(settings.people, !settings.training_people);
        check(settings.training_people ? "training people" : "validation people",
              spread(photos, settings.people_photos));
    }
    if (settings.backgrounds > 0) {
        const LabelledPhotos photos(settings.people, settings.labels);
        std::vector<Findings> findings;
        for (int i = 0; i < settings.backgrounds; ++i) {
            Random random(static_cast<std::uint64_t>(i) + 1);
            const cv::Mat rgb = empty_background(photos, {640, 640}, random);
            findings.push_back({{}, detector->detect(rgb)});
        }
        print("empty backgrounds", findings, settings.curve);
    }
}

}  // namespace lowkey::train
