#include "evaluate/gallery.h"

#include <numeric>

#include "evaluate/rates.h"
#include "image/convert.h"
#include "image/file.h"
#include "lowkey/error.h"

namespace lowkey::evaluate {
namespace {

namespace fs = std::filesystem;

std::string key_of(const fs::path& photo) {
    return (photo.parent_path().filename() / photo.filename()).string() + " " + stamp(photo);
}

Photo photo_of(const fs::path& file) {
    return {key_of(file), [file] { return pixels_or_nothing(file); }};
}

std::vector<Photo> photos_of(const Cast& cast) {
    std::vector<Photo> photos;
    for (const Person& person : cast.subjects) {
        photos.push_back(photo_of(person.photos[0]));
        photos.push_back(photo_of(person.photos[1]));
    }
    for (const Person& person : cast.distractors) photos.push_back(photo_of(person.photos[0]));
    return photos;
}

std::string folder_digest(const Cast& cast) {
    const fs::path people = cast.subjects.front().photos.front().parent_path().parent_path();
    return digest(fs::canonical(people).string()).substr(0, 16);
}

}  // namespace

cv::Mat pixels_or_nothing(const fs::path& file) {
    try {
        return image::to_rgb8(image::read(file).picture.view());
    } catch (const Error& error) {
        if (error.kind == ErrorKind::memory) throw;
        return {};
    }
}

Gallery::Gallery(Panel& panel, Cast& cast, const fs::path& cache,
                 const std::function<bool(std::size_t, std::size_t)>& progress) {
    const std::string folder = folder_digest(cast);
    for (std::size_t judge = 0; judge < panel.size(); ++judge)
        stores_.emplace_back(
            cache / (folder + "-" + panel.fingerprint(judge).substr(0, 16) + ".safetensors"));
    std::vector<std::size_t> judges(panel.size());
    std::iota(judges.begin(), judges.end(), 0);
    const std::vector<Photo> photos = photos_of(cast);
    embed_photos(panel, judges, stores_, photos,
                 [&](std::size_t done) { return progress(done, photos.size()); });
    leave_out_faceless(cast);
    people_ = cast.subjects.size() + cast.distractors.size();
    for (std::size_t judge = 0; judge < panel.size(); ++judge) {
        std::vector<torch::Tensor> others, all;
        for (const Person& person : cast.distractors) others.push_back(own(person, judge));
        all = others;
        for (const Person& person : cast.subjects) all.push_back(own(person, judge));
        distractors_.push_back(others.empty() ? torch::empty({0, all.front().size(0)})
                                              : torch::stack(others));
        thresholds_.push_back(accept_threshold(torch::stack(all)));
    }
}

// The same people for every judge: they share one detector.
void Gallery::leave_out_faceless(Cast& cast) {
    const auto has_face = [&](const fs::path& photo) {
        return stores_.front().at(key_of(photo)).numel() > 0;
    };
    const auto subjects = std::erase_if(cast.subjects, [&](const Person& person) {
        return !has_face(person.photos[0]) || !has_face(person.photos[1]);
    });
    const auto distractors = std::erase_if(
        cast.distractors, [&](const Person& person) { return !has_face(person.photos[0]); });
    if (subjects + distractors > 0)
        notes_.push_back(
            "Left out, because the judges find no face in a clean photo or cannot "
            "read it: " +
            std::to_string(subjects) + " of those to be cloaked, " + std::to_string(distractors) +
            " of the others.");
    if (cast.subjects.empty())
        throw Error(ErrorKind::no_face,
                    "The judges find no face in the photos of those who should be cloaked, or "
                    "cannot read them. Look at the photos, or give judges with a face detector.");
}

const torch::Tensor& Gallery::own(const Person& subject, std::size_t judge) const {
    return stores_[judge].at(key_of(subject.photos[0]));
}

const torch::Tensor& Gallery::probe(const Person& subject, std::size_t judge) const {
    return stores_[judge].at(key_of(subject.photos[1]));
}

}  // namespace lowkey::evaluate
