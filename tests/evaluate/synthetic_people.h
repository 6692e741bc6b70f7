// People whom nobody is: the faces of tests/data, cut out, a few photos each.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "convert/random.h"
#include "temporary_folder.h"

namespace lowkey::evaluate {

inline constexpr int kPhotoSide = 240;

inline std::vector<cv::Mat> synthetic_faces() {
    const auto read = [](const char* name) {
        return cv::imread((std::filesystem::path(LOWKEY_TEST_DATA) / name).string());
    };
    const cv::Mat two = read("two_faces.png");
    std::vector<cv::Mat> faces = {read("one_face.jpg"), two.colRange(0, 500),
                                  two.colRange(500, 1000), read("large_face.jpg"),
                                  read("grey_face.png")};
    for (cv::Mat& face : faces) {
        const double scale = static_cast<double>(kPhotoSide) / std::min(face.cols, face.rows);
        cv::resize(face, face, {}, scale, scale, cv::INTER_AREA);
    }
    return faces;
}

// Writes PEOPLE/person0 .. person4, the second photo darker than the first.
inline void write_people(const std::filesystem::path& people) {
    const std::vector<cv::Mat> faces = synthetic_faces();
    for (std::size_t i = 0; i < faces.size(); ++i) {
        const auto folder = people / ("person" + std::to_string(i));
        std::filesystem::create_directories(folder);
        cv::imwrite((folder / "1.png").string(), faces[i]);
        cv::imwrite((folder / "2.png").string(), faces[i] * 0.95);
    }
}

}  // namespace lowkey::evaluate
