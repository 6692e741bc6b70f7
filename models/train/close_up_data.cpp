#include "train/close_up_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <opencv2/imgproc.hpp>

#include "face/close_up.h"
#include "face/merge.h"
#include "lowkey/error.h"
#include "model/close_up.h"
#include "model/detector.h"
#include "model/pixels.h"
#include "train/jpeg.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr float kSureOverlap = 0.5F, kNoOverlap = 0.3F;
constexpr int kSide = 96, kScene = 640;
constexpr int kFaceValues = 14;        // box, landmarks
constexpr double kWindow = 1.0 / 1.5;  // of the candidate's side
constexpr double kFaces = 0.6;         // of a batch

cv::Rect enlarged(const cv::Rect& window) {
    const int more = window.width / 4;
    return {window.x - more, window.y - more, window.width + 2 * more, window.height + 2 * more};
}

// From pixels of the photo to those of the window's picture.
Face seen_in(const Face& face, const cv::Rect& window, int side) {
    const double scale = static_cast<double>(side) / window.width;
    return moved(face, {scale, 0, -scale * window.x, 0, scale, -scale * window.y});
}

// In one piece each: thousands of small pictures between the detector's large tensors would leave
// gaps in memory that nothing fits into.
struct Collected {
    std::vector<uint8_t> pictures, are_faces;
    std::vector<float> faces;

    void add(const Candidate& candidate) {
        const cv::Mat flat = candidate.rgb.reshape(1, 1);
        pictures.insert(pictures.end(), flat.begin<uint8_t>(), flat.end<uint8_t>());
        are_faces.push_back(candidate.is_face ? 1 : 0);
        const Face& face = candidate.face;
        faces.insert(faces.end(), {face.x, face.y, face.width, face.height});
        for (const Point& point : face.landmarks) faces.insert(faces.end(), {point.x, point.y});
    }

    void write(const fs::path& folder) {
        const auto count = static_cast<int64_t>(are_faces.size());
        model::write_safetensors(
            folder / "candidates.safetensors",
            {{"pictures",
              torch::from_blob(pictures.data(), {count, kSide, kSide, 3}, torch::kUInt8)},
             {"are_faces", torch::from_blob(are_faces.data(), {count}, torch::kUInt8)},
             {"faces", torch::from_blob(faces.data(), {count, kFaceValues})}});
    }
};

// Doubtful faces and those that are hit by half are left out: they are neither.
void add_candidates(const Scene& scene, const std::vector<Face>& found, Collected& candidates) {
    for (const Face& place : found) {
        const auto overlap_with = [&](const Face& other) { return face::overlap(place, other); };
        const auto best = std::ranges::max_element(scene.faces, {}, overlap_with);
        const float most = best == scene.faces.end() ? 0 : overlap_with(*best);
        const cv::Rect2f box(place.x, place.y, place.width, place.height);
        const bool doubtful = std::ranges::any_of(
            scene.unsure, [&](const cv::Rect2f& other) { return (box & other).area() > 0; });
        if (most < kSureOverlap && (most > kNoOverlap || doubtful)) continue;
        const cv::Rect window = enlarged(face::close_up_window(place));
        Candidate candidate{face::cut_window(scene.rgb, window, kSide), most >= kSureOverlap, {}};
        if (candidate.is_face) candidate.face = seen_in(*best, window, kSide);
        candidates.add(candidate);
    }
}

Scene photo_as_scene(const LabelledPhotos& photos, std::size_t i) {
    Scene scene;
    scene.rgb = photos.at_least(i, 1).rgb;
    for (const Face& face : photos.faces(i))
        if (face.score >= kSureLabel)
            scene.faces.push_back(face);
        else
            scene.unsure.emplace_back(face.x, face.y, face.width, face.height);
    return scene;
}

// Other light, a cast of colour, grain, blur, JPEG: each in some.
cv::Mat disturbed(cv::Mat rgb, Random& random) {
    if (chance(random, 0.5))
        rgb.convertTo(rgb, -1, uniform(random, 0.6, 1.4), uniform(random, -40, 40));
    if (chance(random, 0.1)) make_grey(rgb);
    if (chance(random, 0.15)) cv::GaussianBlur(rgb, rgb, {}, uniform(random, 0.4, 1.5));
    if (chance(random, 0.15)) add_grain(rgb, random, 12);
    if (chance(random, 0.15)) compress(rgb, random, 30, 95);
    return rgb;
}

// The window as the first look could have placed it, turned a little, or mirrored.
cv::Matx23d any_window(Random& random) {
    const double scale = model::kCloseUpSide / (kWindow * kSide) / log_uniform(random, 0.87, 1.15);
    const double angle = chance(random, 0.5) ? uniform(random, -10, 10) * CV_PI / 180 : 0;
    const double mirror = chance(random, 0.5) ? -1 : 1;
    const double c = scale * std::cos(angle), s = scale * std::sin(angle);
    cv::Matx23d map(c * mirror, -s, 0, s * mirror, c, 0);
    constexpr double kMiddle = kSide / 2.0, kReach = 0.06 * kWindow * kSide;
    const double x = kMiddle + uniform(random, -kReach, kReach),
                 y = kMiddle + uniform(random, -kReach, kReach);
    for (int row = 0; row < 2; ++row)
        map(row, 2) = model::kCloseUpSide / 2.0 - map(row, 0) * x - map(row, 1) * y;
    return map;
}

std::array<float, model::kCloseUpValues> answer_for(const Candidate& candidate,
                                                    const cv::Matx23d& map) {
    std::array<float, model::kCloseUpValues> answer{};
    if (!candidate.is_face) return answer;
    constexpr float kPixels = model::kCloseUpSide;
    const Face face = moved(candidate.face, map);
    answer[0] = 1;
    answer[1] = (face.x + face.width / 2) / kPixels - 0.5F;
    answer[2] = (face.y + face.height / 2) / kPixels - 0.5F;
    answer[3] = std::log(face.width / kPixels);
    answer[4] = std::log(face.height / kPixels);
    for (std::size_t i = 0; i < face.landmarks.size(); ++i) {
        answer[5 + 2 * i] = face.landmarks[i].x / kPixels - 0.5F;
        answer[6 + 2 * i] = face.landmarks[i].y / kPixels - 0.5F;
    }
    return answer;
}

}  // namespace

void make_candidates(const CandidateSettings& settings) {
    const LabelledPhotos photos(settings.people, settings.labels);
    model::DetectorLimits limits;
    limits.alone = {limits.first.whole_photo, limits.first.whole_photo};
    const auto first = model::split_detector(model::read_safetensors(settings.detector)).first;
    const auto detector = model::make_detector({first, {}}, limits, torch::kCPU, settings.detector);
    Collected candidates;
    const auto look = [&](const Scene& scene) {
        add_candidates(scene, detector->detect(scene.rgb), candidates);
    };
    for (std::size_t i = 0; i < photos.size(); ++i) {
        look(photo_as_scene(photos, i));
        if ((i + 1) % 500 == 0)
            std::cerr << i + 1 << " photos, " << candidates.are_faces.size() << " candidates\n";
    }
    for (int i = 0; i < settings.scenes; ++i) {
        Random random(seed_of(settings.seed, i));
        look(make_scene(photos, kScene, random));
        if ((i + 1) % 500 == 0)
            std::cerr << i + 1 << " scenes, " << candidates.are_faces.size() << " candidates\n";
    }
    fs::create_directories(settings.out);
    candidates.write(settings.out);
    std::cerr << candidates.are_faces.size() << " candidates, "
              << std::ranges::count(candidates.are_faces, 1) << " of them faces\n";
}

Candidates read_candidates(const fs::path& folder) {
    const auto file = folder / "candidates.safetensors";
    if (!fs::exists(file))
        throw Error(ErrorKind::file, "No candidates in " + folder.string() +
                                         ". Run `lowkey-train close-up-data` first.");
    const auto tensors = model::read_safetensors(file);
    const auto pictures = tensors.at("pictures"), are_faces = tensors.at("are_faces"),
               faces = tensors.at("faces");
    Candidates candidates;
    for (int64_t i = 0; i < pictures.size(0); ++i) {
        Candidate candidate;
        candidate.rgb = cv::Mat(kSide, kSide, CV_8UC3, pictures[i].data_ptr()).clone();
        candidate.is_face = are_faces[i].item<uint8_t>() != 0;
        const float* values = faces[i].data_ptr<float>();
        candidate.face.x = values[0];
        candidate.face.y = values[1];
        candidate.face.width = values[2];
        candidate.face.height = values[3];
        for (std::size_t j = 0; j < candidate.face.landmarks.size(); ++j)
            candidate.face.landmarks[j] = {values[4 + 2 * j], values[5 + 2 * j]};
        (candidate.is_face ? candidates.faces : candidates.others).push_back(std::move(candidate));
    }
    if (candidates.faces.empty() || candidates.others.empty())
        throw Error(ErrorKind::file, file.string() +
                                         " has no faces, or nothing else. Run `lowkey-train "
                                         "close-up-data` again, with more photos.");
    return candidates;
}

CloseUpBatch close_up_batch(const Candidates& candidates, int count, Random& random) {
    std::vector<cv::Mat> pictures;
    auto answers = torch::empty({count, model::kCloseUpValues});
    for (int i = 0; i < count; ++i) {
        const auto& kind = chance(random, kFaces) ? candidates.faces : candidates.others;
        const Candidate& candidate = kind[random() % kind.size()];
        const cv::Matx23d map = any_window(random);
        cv::Mat picture;
        cv::warpAffine(candidate.rgb, picture, between_centres(map),
                       {model::kCloseUpSide, model::kCloseUpSide}, cv::INTER_LINEAR);
        pictures.push_back(disturbed(picture, random));
        const auto answer = answer_for(candidate, map);
        std::ranges::copy(answer, answers[i].data_ptr<float>());
    }
    return {model::pixels_of(pictures, torch::kCPU), answers};
}

}  // namespace lowkey::train
