// What YuNet says of the photos of the training people: found once, then moved along with whatever
// is done to a photo.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "lowkey/report.h"

namespace lowkey::train {

// Labels go down to this score; what lies between it and a sure face is neither face nor
// background.
inline constexpr float kLeastLabel = 0.3F, kSureLabel = 0.6F;

// The photos PEOPLE/NAME/*.jpg, sorted, of training or of validation people.
std::vector<std::filesystem::path> photos_of(const std::filesystem::path& people, bool validation);

// `count` of them, evenly over the list.
std::vector<std::filesystem::path> spread(const std::vector<std::filesystem::path>& photos,
                                          std::size_t count);

// Writes OUT/labels.jsonl, a line for each of `count` photos of training people: {"photo",
// "faces"}, paths relative to PEOPLE. Throws Error(file) or Error(pack).
void label_photos(const std::filesystem::path& people, const std::filesystem::path& yunet,
                  const std::filesystem::path& out, std::size_t count);

// Labelled photos, RGB, at half and a quarter of their size in memory, whole from the disk.
class LabelledPhotos {
  public:
    // Throws Error(file) if the labels or the photos are not there.
    LabelledPhotos(const std::filesystem::path& people, const std::filesystem::path& labels);

    std::size_t size() const { return entries_.size(); }
    // In pixels of the whole photo.
    const std::vector<Face>& faces(std::size_t i) const { return entries_[i].faces; }
    // The smallest version that is at least `scale` of the whole, and its own scale.
    struct Version {
        cv::Mat rgb;
        double scale;
    };
    Version at_least(std::size_t i, double scale) const;

  private:
    struct Entry {
        std::filesystem::path file;
        std::vector<Face> faces;
        cv::Mat half, quarter;
    };
    std::vector<Entry> entries_;
};

}  // namespace lowkey::train
