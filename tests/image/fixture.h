// Pictures and files that the tests of picture files are made from.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "image/file.h"
#include "lowkey/error.h"

namespace lowkey::image::testing {

using Bytes = std::vector<std::byte>;

// A folder of its own for each test, with a non-ASCII name, removed at the end.
class FileTest : public ::testing::Test {
  protected:
    FileTest();
    ~FileTest() override;
    std::filesystem::path path(const std::string& name) const { return folder_ / name; }
    std::vector<std::string> files() const;

  private:
    std::filesystem::path folder_;
};

// Smooth and asymmetric, so that a turned, mirrored or swapped picture is noticed.
Picture gradient(int width, int height, Sample sample, Channels channels);

double sample_at(const PictureView& picture, int x, int y, int channel);  // of 1.0
bool same_bits(const PictureView& a, const PictureView& b);
double largest_difference(const PictureView& a, const PictureView& b);  // of 1.0

Bytes load_bytes(const std::filesystem::path& path);
void save_bytes(const std::filesystem::path& path, const Bytes& bytes);

// A valid ICC matrix profile; gamma 1 is linear light.
Bytes make_profile(double gamma);

// The error that `action` throws; fails the test if it throws none.
Error error_of(const std::function<void()>& action);

}  // namespace lowkey::image::testing
