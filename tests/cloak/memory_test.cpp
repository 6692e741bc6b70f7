// A picture of 100 megapixels in a process of its own: what it needs beyond its own pixels is
// bounded.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <filesystem>

#include "convert/random.h"
#include "lowkey/lowkey.h"
#include "pictures.h"

namespace lowkey {
namespace {

double peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

TEST(Memory, HundredMegapixels) {
    std::string name = std::filesystem::temp_directory_path() / "lowkey-memory-XXXXXX";
    const std::filesystem::path folder = mkdtemp(name.data());
    convert::random_pack(folder, 1);
    {
        Cloaker cloaker(folder, "cpu");
        const cv::Mat face = read_rgb(LOWKEY_TEST_DATA "/one_face.jpg");
        Picture picture(11600, 8700, {});
        {
            cv::Mat pixels(8700, 11600, CV_8UC3, picture.row(0));
            cv::resize(face, pixels, pixels.size(), 0, 0, cv::INTER_CUBIC);
        }
        Options options;
        options.iterations = 3;
        const CloakResult result = cloaker.cloak(picture.view(), options);
        EXPECT_EQ(result.report.faces.size(), 1U);
        // Two pictures and the detector's copy take 900 MB, LibTorch 300.
        EXPECT_LT(peak_megabytes(), 2600);
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lowkey
