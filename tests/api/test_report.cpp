#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "lowkey/error.h"
#include "lowkey/options.h"
#include "lowkey/report.h"

using namespace lowkey;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

Face example_face() {
    Face face;
    face.x = 10.1F;
    face.y = 1.0F / 3;
    face.width = 99.9F;
    face.height = 120;
    for (std::size_t i = 0; i < 5; ++i)
        face.landmarks[i] = {0.1F * static_cast<float>(i), 1.0F / static_cast<float>(i + 3)};
    face.score = 0.9F;
    return face;
}

Report example() {
    Report report;
    report.pack = "test „pack“";
    report.device = "CPU";
    report.preset = "balanced";
    report.strength = 50;
    report.faces_found = 2;
    report.notes = {"First.", "Zweitens: \"ü\"\n."};
    report.seconds = 1.0 / 7;
    FaceReport face;
    face.face = example_face();
    face.index = 1;
    face.similarities = {{"one", -0.1}, {"second", 1e-17}};
    face.quality = {0.0123456789012345, 0.01, std::numeric_limits<double>::infinity(), 0.05, 1.5};
    face.iterations = 60;
    face.seconds = 8.25;
    report.faces = {face};
    return report;
}

}  // namespace

TEST(Report, SurvivesJsonExactly) {
    const Report report = example();
    const Report back = report_from_json(to_json(report));
    EXPECT_EQ(to_json(back), to_json(report));
    EXPECT_EQ(back.notes, report.notes);
    EXPECT_EQ(back.pack, report.pack);
    EXPECT_EQ(back.seconds, report.seconds);
    ASSERT_EQ(back.faces.size(), 1u);
    const FaceReport &a = report.faces[0], &b = back.faces[0];
    EXPECT_EQ(a.face.y, b.face.y);
    EXPECT_EQ(a.face.landmarks[3].y, b.face.landmarks[3].y);
    EXPECT_EQ(a.similarities[1].after, b.similarities[1].after);
    EXPECT_EQ(a.quality.lpips, b.quality.lpips);
    EXPECT_EQ(b.quality.psnr, std::numeric_limits<double>::infinity());
    EXPECT_EQ(b.iterations, 60);
}

TEST(Report, InfinityIsNullInJson) {
    const auto json = nlohmann::json::parse(to_json(example()));
    EXPECT_TRUE(json["faces"][0]["quality"]["psnr"].is_null());
}

TEST(Report, AMeasureThatCouldNotBeTakenSurvives) {
    Report report = example();
    report.faces[0].quality.lpips = std::nan("");
    EXPECT_TRUE(std::isnan(report_from_json(to_json(report)).faces[0].quality.lpips));
}

TEST(Report, AMeasureThatCouldNotBeTakenIsNoZeroInTheText) {
    Report report = example();
    report.faces[0].quality = {.lpips = std::nan(""), .dssim = 0.01, .psnr = 30, .linf = 0.1};
    EXPECT_THAT(to_text(report), HasSubstr("hard to see (DSSIM 0.0100, LPIPS not measured"));
    report.faces[0].quality.dssim = 0.06;
    EXPECT_THAT(to_text(report), HasSubstr("visible (DSSIM 0.0600"));
}

TEST(Report, NamesThatAreNoUtf8AreWrittenAllTheSame) {
    Report report = example();
    report.faces[0].similarities[0].recogniser = "bad\xff";
    EXPECT_THAT(report_from_json(to_json(report)).faces[0].similarities[0].recogniser,
                HasSubstr("bad"));
}

TEST(Report, ForeignJsonIsAnInputError) {
    for (const char* text : {"", "{", "[]", "{}", "null", "{\"faces\": 3}", "\"x\""}) {
        try {
            report_from_json(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::input) << text;
        }
    }
    EXPECT_THROW(faces_from_json("[{\"x\": 1}]"), Error);
    EXPECT_THROW(faces_from_json("[{"), Error);
}

TEST(Report, FacesSurviveJsonExactly) {
    const std::vector<Face> faces = {example_face(), Face{}};
    const std::vector<Face> back = faces_from_json(to_json(faces));
    ASSERT_EQ(back.size(), 2u);
    EXPECT_EQ(back[0].x, faces[0].x);
    EXPECT_EQ(back[0].landmarks[4].y, faces[0].landmarks[4].y);
    EXPECT_TRUE(faces_from_json(to_json(std::vector<Face>{})).empty());
}

TEST(Report, TextTellsAPersonWhatHappened) {
    const std::string text = to_text(example());
    EXPECT_THAT(text, HasSubstr("2 faces found"));
    EXPECT_THAT(text, HasSubstr("Face 1"));
    EXPECT_THAT(text, HasSubstr("1.00 → -0.10"));
    EXPECT_THAT(text, HasSubstr("Note: First."));
    EXPECT_THAT(text, HasSubstr("PSNR infinite"));
    EXPECT_THAT(text, EndsWith(std::string(honest_notice()) + "\n"));
}
