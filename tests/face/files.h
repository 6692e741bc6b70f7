// Pictures that the tests of faces look at.
#pragma once

#include <algorithm>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

namespace lowkey::face {

inline std::filesystem::path shared_file(const std::string& name) {
    return std::filesystem::path(LOWKEY_SHARED) / name;
}

inline cv::Mat read_rgb(const std::filesystem::path& file) {
    cv::Mat picture = cv::imread(file.string(), cv::IMREAD_COLOR);
    if (!picture.empty()) cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
    return picture;
}

inline std::vector<std::filesystem::path> sorted_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace lowkey::face

#define NEEDS_SHARED(name)                           \
    if (!std::filesystem::exists(shared_file(name))) \
    GTEST_SKIP() << shared_file(name) << " is not here"
