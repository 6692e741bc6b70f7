// Faces of nobody: means over many people.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <vector>

namespace lowkey::testdata {

// Side of an average picture and where its eyes and mouth lie: hair and shoulders are in it.
inline constexpr int kAverageSide = 560;

// One mean face (CV_32FC3, RGB 0..1) per cluster of people who look alike at 16 x 16 grey pixels,
// so that the means differ from each other. `people` (at least 60) different people go into each,
// one photo a person.
std::vector<cv::Mat> average_faces(const std::filesystem::path& lfw,
                                   const std::filesystem::path& detector, int clusters, int people);

}  // namespace lowkey::testdata
