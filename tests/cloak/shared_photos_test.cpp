// What the project promises for a real photo with real recognisers; needs ../shared.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "convert/convert.h"
#include "lowkey/lowkey.h"
#include "pictures.h"

namespace lowkey {
namespace {

TEST(SharedPhotos, DefaultSettingsHideEveryFaceOfImg3FromEveryRecogniser) {
    const std::filesystem::path shared = LOWKEY_SHARED;
    if (!std::filesystem::exists(shared / "photos" / "img3.jpg")) {
        GTEST_SKIP() << "needs the photos and networks of " << shared;
    }
    std::string name = std::filesystem::temp_directory_path() / "lowkey-photos-XXXXXX";
    const std::filesystem::path folder = mkdtemp(name.data());
    convert::convert_pack(shared / "models", folder, model::Storage::float32);
    Cloaker cloaker(folder, "cpu");
    const Picture photo = to_picture(read_rgb(shared / "photos" / "img3.jpg"));
    const CloakResult result = cloaker.cloak(photo.view(), {});
    ASSERT_FALSE(result.report.faces.empty());
    for (const FaceReport& face : result.report.faces) {
        EXPECT_LE(face.quality.dssim, 0.03);
        ASSERT_EQ(face.similarities.size(), 4U);
        for (const Similarity& similarity : face.similarities) {
            EXPECT_LT(similarity.after, 0.25) << similarity.recogniser;
        }
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lowkey
