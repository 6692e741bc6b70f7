// The engine on whole pictures, with a pack of small random networks and OpenCV's cascades: runs on
// any machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <limits>
#include <memory>

#include "cloak/region.h"
#include "convert/random.h"
#include "lowkey/lowkey.h"
#include "pictures.h"

namespace lowkey {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class CloakerTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        std::string name = std::filesystem::temp_directory_path() / "lowkey-cloak-XXXXXX";
        folder_ = new std::filesystem::path(mkdtemp(name.data()));
        convert::random_pack(*folder_ / "pack", 1);
        cloaker_ = new Cloaker(*folder_ / "pack", "cpu");
        one_face_ = new cv::Mat(read_rgb(LOWKEY_TEST_DATA "/one_face.jpg"));
    }
    static void TearDownTestSuite() {
        delete one_face_;
        delete cloaker_;
        std::filesystem::remove_all(*folder_);
        delete folder_;
    }

    static Options quick() {
        Options options;
        options.iterations = 4;
        return options;
    }
    static ErrorKind kind_of(const std::function<void()>& call) {
        try {
            call();
        } catch (const Error& error) {
            message_ = error.what();
            return error.kind;
        }
        ADD_FAILURE() << "no error was thrown";
        return ErrorKind::worker;
    }
    // Pixels that differ, inside and outside of a rectangle.
    static std::pair<int, int> changes(const Picture& before, const Picture& after,
                                       const Rect& rect) {
        int inside = 0, outside = 0;
        const std::size_t size = bytes_per_pixel(before.format());
        for (int y = 0; y < before.height(); ++y) {
            for (int x = 0; x < before.width(); ++x) {
                const std::size_t at = size * static_cast<std::size_t>(x);
                if (std::memcmp(before.row(y) + at, after.row(y) + at, size) == 0) continue;
                const bool in = x >= rect.x && y >= rect.y && x < rect.x + rect.width &&
                                y < rect.y + rect.height;
                ++(in ? inside : outside);
            }
        }
        return {inside, outside};
    }

    static std::filesystem::path* folder_;
    static Cloaker* cloaker_;
    static cv::Mat* one_face_;
    static std::string message_;
};
std::filesystem::path* CloakerTest::folder_;
Cloaker* CloakerTest::cloaker_;
cv::Mat* CloakerTest::one_face_;
std::string CloakerTest::message_;

TEST_F(CloakerTest, ChangesTheFaceAndNothingElseInEveryFormat) {
    for (const Sample sample : {Sample::u8, Sample::u16, Sample::f32}) {
        for (const Channels channels :
             {Channels::grey, Channels::grey_alpha, Channels::rgb, Channels::rgba}) {
            for (const Encoding encoding : {Encoding::encoded, Encoding::linear}) {
                const PixelFormat format{sample, channels, encoding};
                const Picture picture = to_picture(*one_face_, format);
                const CloakResult result = cloaker_->cloak(picture.view(), quick());
                ASSERT_EQ(result.picture.format(), format);
                ASSERT_THAT(result.report.faces, SizeIs(1));
                const cloak::FaceRegion region =
                    cloak::face_region(result.report.faces[0].face, picture.width(),
                                       picture.height())
                        .value();
                const auto [inside, outside] = changes(picture, result.picture, region.rect);
                EXPECT_EQ(outside, 0);
                EXPECT_GT(inside, region.box.width * region.box.height / 4);
                if (!has_alpha(channels)) continue;
                const std::size_t pixel = bytes_per_pixel(format);
                const std::size_t alpha = pixel / static_cast<std::size_t>(channel_count(channels));
                for (int y = 0; y < picture.height(); ++y) {
                    for (std::size_t x = 1; x <= static_cast<std::size_t>(picture.width()); ++x) {
                        ASSERT_EQ(std::memcmp(picture.row(y) + x * pixel - alpha,
                                              result.picture.row(y) + x * pixel - alpha, alpha),
                                  0);
                    }
                }
            }
        }
    }
}

TEST_F(CloakerTest, ReportIsFilledIn) {
    const Picture picture = to_picture(*one_face_);
    const Report report = cloaker_->cloak(picture.view(), quick()).report;
    ASSERT_THAT(report.faces, SizeIs(1));
    const FaceReport& face = report.faces[0];
    EXPECT_EQ(report.faces_found, 1);
    EXPECT_EQ(report.preset, "balanced");
    EXPECT_EQ(report.strength, 50);
    EXPECT_FALSE(report.pack.empty());
    EXPECT_EQ(face.iterations, 4);
    EXPECT_GT(face.seconds, 0);
    EXPECT_GE(report.seconds, face.seconds);
    ASSERT_THAT(face.similarities, SizeIs(3));  // two MobileFaceNets and a ViT
    for (const Similarity& similarity : face.similarities) {
        EXPECT_LT(similarity.after, 1);
        EXPECT_GT(similarity.after, -1);
    }
    EXPECT_GT(face.quality.dssim, 0);
    EXPECT_GT(face.quality.lpips, 0);
    EXPECT_GT(face.quality.psnr, 20);
    EXPECT_GT(face.quality.linf, 0);
    EXPECT_LE(face.quality.linf, 24.5 / 255);
}

TEST_F(CloakerTest, EncodedGreyInThreeChannelsStaysGrey) {
    cv::Mat grey, rgb;
    cv::cvtColor(*one_face_, grey, cv::COLOR_RGB2GRAY);
    cv::cvtColor(grey, rgb, cv::COLOR_GRAY2RGB);
    const Picture picture = to_picture(rgb);
    const Picture cloaked = cloaker_->cloak(picture.view(), quick()).picture;
    int changed = 0;
    for (int y = 0; y < cloaked.height(); ++y) {
        const std::byte* row = cloaked.row(y);
        for (int x = 0; x < cloaked.width(); ++x) {
            ASSERT_TRUE(row[3 * x] == row[3 * x + 1] && row[3 * x] == row[3 * x + 2]);
            changed += row[3 * x] != picture.row(y)[3 * x];
        }
    }
    EXPECT_GT(changed, 1000);
}

TEST_F(CloakerTest, SelectionBoundsTheChangeBitForBit) {
    const Picture picture = to_picture(*one_face_);
    const Face face = cloaker_->detect(picture.view()).at(0);
    const Rect left{0, 0, static_cast<int>(face.x + face.width / 2), picture.height()};
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(picture.width()) *
                                   static_cast<std::size_t>(picture.height()));
    for (int y = 0; y < picture.height(); ++y) {
        std::memset(mask.data() + y * picture.width(), 255, static_cast<std::size_t>(left.width));
    }
    const MaskView selection{mask.data(), picture.width(), picture.height(),
                             static_cast<std::size_t>(picture.width())};
    const CloakResult result = cloaker_->cloak(picture.view(), quick(), selection);
    const auto [inside, outside] = changes(picture, result.picture, left);
    EXPECT_EQ(outside, 0);
    EXPECT_GT(inside, 1000);
    EXPECT_THAT(result.report.notes, ::testing::Contains(HasSubstr("partly selected")));
    const MaskView wrong{mask.data(), 10, 10, 10};
    EXPECT_EQ(kind_of([&] { cloaker_->cloak(picture.view(), quick(), wrong); }), ErrorKind::input);
}

TEST_F(CloakerTest, SameSeedSamePixels) {
    const Picture picture = to_picture(*one_face_);
    Options options = quick();
    const auto run = [&] { return cloaker_->cloak(picture.view(), options).picture; };
    const Picture once = run();
    EXPECT_EQ(changes(once, run(), {}).second, 0);
    options.seed = 2;
    EXPECT_GT(changes(once, run(), {}).second, 1000);
}

TEST_F(CloakerTest, CancelsAtAnyStageAndTellsProgress) {
    const Picture picture = to_picture(*one_face_);
    std::vector<double> fractions;
    cloaker_->cloak(picture.view(), quick(), {}, [&](const Progress& progress) {
        EXPECT_FALSE(progress.stage.empty());
        fractions.push_back(progress.fraction);
        return true;
    });
    EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
    EXPECT_EQ(fractions.back(), 1);
    // The last call says that all is done; there is nothing left to cancel.
    for (std::size_t stop = 0; stop + 1 < fractions.size(); ++stop) {
        std::size_t calls = 0;
        EXPECT_EQ(kind_of([&] {
                      cloaker_->cloak(picture.view(), quick(), {},
                                      [&](const Progress&) { return calls++ < stop; });
                  }),
                  ErrorKind::cancelled);
        EXPECT_EQ(calls, stop + 1);
    }
}

TEST_F(CloakerTest, NoFaceIsAnErrorThatNamesTheRemedy) {
    const Picture empty(300, 200, {});
    EXPECT_EQ(kind_of([&] { cloaker_->cloak(empty.view(), quick()); }), ErrorKind::no_face);
    EXPECT_THAT(message_, HasSubstr("region"));
    EXPECT_EQ(kind_of([&] { cloaker_->check(empty.view(), empty.view()); }), ErrorKind::no_face);
    EXPECT_EQ(kind_of([&] { cloaker_->cloak({}, quick()); }), ErrorKind::input);
}

TEST_F(CloakerTest, RegionStandsInForAFace) {
    cv::Mat texture(220, 300, CV_8UC3);
    cv::theRNG().state = 3;
    cv::randu(texture, 60, 200);
    const Picture picture = to_picture(texture);
    Options options = quick();
    for (const Rect& region :
         {Rect{80, 40, 120, 150}, Rect{280, 200, 40, 40}, Rect{5, 5, 13, 13}}) {
        options.region = region;
        const CloakResult result = cloaker_->cloak(picture.view(), options);
        ASSERT_THAT(result.report.faces, SizeIs(1));
        EXPECT_TRUE(result.report.faces[0].face.from_region);
        EXPECT_THAT(result.report.notes, ::testing::Contains(HasSubstr("region itself")));
        EXPECT_GT(changes(picture, result.picture, {}).second, 50);
        EXPECT_TRUE(std::isfinite(result.report.faces[0].quality.lpips));
    }
}

TEST_F(CloakerTest, NotANumberAndValuesBeyondWhiteAreKept) {
    Picture picture = to_picture(*one_face_, {Sample::f32, Channels::rgb, Encoding::encoded});
    const Face face = cloaker_->detect(picture.view()).at(0);
    const auto x = static_cast<int>(face.x + face.width / 2);
    const auto y = static_cast<int>(face.y + face.height / 2);
    const float nan = std::numeric_limits<float>::quiet_NaN(), bright = 3;
    std::memcpy(picture.row(y) + 12 * x, &nan, sizeof nan);
    std::memcpy(picture.row(y + 3) + 12 * x, &bright, sizeof bright);
    const CloakResult result = cloaker_->cloak(picture.view(), quick());
    float after = 0;
    std::memcpy(&after, result.picture.row(y) + 12 * x, sizeof after);
    EXPECT_TRUE(std::isnan(after));
    std::memcpy(&after, result.picture.row(y + 3) + 12 * x, sizeof after);
    EXPECT_NEAR(after, 3, 0.1);
    for (const Similarity& similarity : result.report.faces[0].similarities) {
        EXPECT_TRUE(std::isfinite(similarity.after));
    }
}

TEST_F(CloakerTest, ChosenFacesOnly) {
    const Picture picture = to_picture(read_rgb(LOWKEY_TEST_DATA "/two_faces.png"));
    const std::vector<Face> faces = cloaker_->detect(picture.view());
    ASSERT_THAT(faces, SizeIs(2));
    Options options = quick();
    options.faces = {1};
    const CloakResult result = cloaker_->cloak(picture.view(), options);
    ASSERT_THAT(result.report.faces, SizeIs(1));
    EXPECT_EQ(result.report.faces[0].index, 1);
    EXPECT_EQ(result.report.faces_found, 2);
    const Rect region =
        cloak::face_region(faces[1], picture.width(), picture.height()).value().rect;
    EXPECT_EQ(changes(picture, result.picture, region).second, 0);
}

TEST_F(CloakerTest, CheckComparesTwoPictures) {
    const Picture picture = to_picture(*one_face_);
    const Report same = cloaker_->check(picture.view(), picture.view());
    ASSERT_THAT(same.faces, SizeIs(1));
    EXPECT_NEAR(same.faces[0].similarities[0].after, 1, 1e-5);
    EXPECT_EQ(same.faces[0].quality.linf, 0);
    EXPECT_TRUE(std::isinf(same.faces[0].quality.psnr));
    const CloakResult result = cloaker_->cloak(picture.view(), quick());
    const Report report = cloaker_->check(picture.view(), result.picture.view());
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(report.faces[0].similarities[i].after,
                    result.report.faces[0].similarities[i].after, 1e-6);
    }
    const Picture other(10, 10, {});
    EXPECT_EQ(kind_of([&] { cloaker_->check(picture.view(), other.view()); }), ErrorKind::input);
}

TEST_F(CloakerTest, LargeFaceIsWorkedOnSmallButChangedEverywhere) {
    cv::Mat large;
    cv::resize(*one_face_, large, {}, 6, 6, cv::INTER_CUBIC);
    const Picture picture = to_picture(large, {Sample::f32, Channels::rgb, Encoding::encoded});
    const CloakResult result = cloaker_->cloak(picture.view(), quick());
    ASSERT_FALSE(result.report.faces.empty());
    const cloak::FaceRegion region =
        cloak::face_region(result.report.faces[0].face, picture.width(), picture.height()).value();
    EXPECT_GT(region.factor, 3);
    const auto [inside, outside] = changes(picture, result.picture, region.box);
    EXPECT_GT(inside, 0.95 * region.box.width * region.box.height);
}

}  // namespace
}  // namespace lowkey
