#include "train/whole.h"

#include "train/assemble.h"
#include "train/close_up_data.h"
#include "train/close_up_training.h"
#include "train/crops.h"
#include "train/detector_training.h"
#include "train/distil.h"
#include "train/labels.h"
#include "train/perceptual.h"
#include "train/views.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr int kFirstShards = 10, kSecondShards = 12;
constexpr std::size_t kLabels = 4000;
constexpr int kDetectorSteps = 6000;

ViewSettings views_of(const Whole& whole) {
    ViewSettings views;
    views.crops = whole.work / "crops";
    views.teachers = whole.teachers;
    views.out = whole.work / "views";
    views.device = whole.device;
    views.precision = whole.precision;
    return views;
}

}  // namespace

void prepare(const Whole& whole, const fs::path& yunet) {
    const fs::path crops = whole.work / "crops", labels = whole.work / "labels";
    if (!fs::exists(crops / "crops.json")) prepare_crops(whole.people, yunet, crops);
    ViewSettings views = views_of(whole);
    views.shards = kFirstShards;
    make_views(views);
    if (!fs::exists(labels / "labels.jsonl")) label_photos(whole.people, yunet, labels, kLabels);
}

void train_whole(const Whole& whole, const fs::path& out) {
    const fs::path run = whole.work / "run";
    DistilSettings students;
    students.crops = whole.work / "crops";
    students.views = whole.work / "views";
    students.run = run;
    students.device = whole.device;
    students.precision = whole.precision;
    students.until = students.steps / 2;
    distil(students);

    // Where are they fooled and their teachers not?
    const fs::path half_way = whole.work / "half-way";
    if (!fs::exists(half_way / "manifest.json")) assemble(run, half_way);
    ViewSettings views = views_of(whole);
    views.attacked = half_way;
    views.share = 0.6;
    views.steps = 6;
    views.first = kFirstShards;
    views.shards = kSecondShards;
    make_views(views);
    students.until = 0;
    distil(students);

    PerceptualSettings perceptual;
    perceptual.crops = students.crops;
    perceptual.teachers = whole.teachers;
    perceptual.run = run;
    perceptual.device = whole.device;
    train_perceptual(perceptual);

    DetectorSettings detector;
    detector.people = whole.people;
    detector.labels = whole.work / "labels";
    detector.run = run;
    detector.steps = kDetectorSteps;
    detector.device = whole.device;
    train_detector(detector);

    CandidateSettings candidates;
    candidates.people = whole.people;
    candidates.labels = detector.labels;
    candidates.detector = run / "detector.safetensors";
    candidates.out = whole.work / "candidates";
    if (!fs::exists(candidates.out / "candidates.safetensors")) make_candidates(candidates);
    CloseUpSettings close_up;
    close_up.candidates = candidates.out;
    close_up.run = run;
    close_up.device = whole.device;
    train_close_up(close_up);
    assemble(run, out);
}

}  // namespace lowkey::train
