// The pack that the project ships, on test faces that it ships: nothing else is needed for these.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "lowkey/lowkey.h"
#include "model/manifest.h"
#include "pictures.h"

namespace lowkey {
namespace {

const std::filesystem::path kPack = LOWKEY_DEFAULT_PACK;
const std::filesystem::path kData = LOWKEY_TEST_DATA;

class DefaultPack : public ::testing::Test {
  protected:
    static Cloaker& cloaker() {
        static Cloaker loaded(kPack, "cpu");
        return loaded;
    }
};

TEST_F(DefaultPack, HasFourKindsOfRecogniserATransformerAmongThem) {
    const model::Manifest manifest = model::read_manifest(kPack);
    std::set<std::string> architectures;
    for (const auto& entry : manifest.recognisers) {
        architectures.insert(entry.architecture.at("name").get<std::string>());
    }
    EXPECT_GE(architectures.size(), 4U);
    EXPECT_TRUE(architectures.contains("vit"));
    EXPECT_TRUE(manifest.perceptual.has_value());
}

TEST_F(DefaultPack, IsSmallEnoughToShip) {
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(kPack)) bytes += file.file_size();
    EXPECT_LE(bytes, 20'000'000U);
}

TEST_F(DefaultPack, FindsTheFacesOfTheTestPictures) {
    const std::map<std::string, std::size_t> pictures{
        {"one_face.jpg", 1}, {"two_faces.png", 2}, {"large_face.jpg", 1}, {"grey_face.png", 1}};
    for (const auto& [name, faces] : pictures) {
        const Picture picture = to_picture(read_rgb(kData / name));
        EXPECT_EQ(cloaker().detect(picture.view()).size(), faces) << name;
    }
}

TEST_F(DefaultPack, CloaksAFaceFromEveryRecogniser) {
    const Picture picture = to_picture(read_rgb(kData / "one_face.jpg"));
    const CloakResult result = cloaker().cloak(picture.view(), {});
    ASSERT_EQ(result.report.faces.size(), 1U);
    const FaceReport& face = result.report.faces.front();
    EXPECT_LE(face.quality.dssim, 0.02);
    for (const Similarity& similarity : face.similarities) {
        EXPECT_LT(similarity.after, 0.3) << similarity.recogniser;
    }
    const Report checked = cloaker().check(picture.view(), result.picture.view());
    ASSERT_EQ(checked.faces.size(), 1U);
    EXPECT_EQ(checked.faces.front().similarities.size(), face.similarities.size());
}

}  // namespace
}  // namespace lowkey
