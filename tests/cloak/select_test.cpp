#include "cloak/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "face/face.h"
#include "lowkey/error.h"

namespace lowkey::cloak {
namespace {

using ::testing::HasSubstr;

std::vector<Face> two_faces() {
    return {face::face_from_region({20, 20, 60, 80}), face::face_from_region({120, 30, 40, 50})};
}

ErrorKind kind_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        EXPECT_GT(std::string(error.what()).size(), 20U);
        return error.kind;
    }
    ADD_FAILURE() << "no error was thrown";
    return ErrorKind::worker;
}

TEST(Select, AllFacesByDefault) {
    const Choice choice = choose_faces(two_faces(), {}, {}, 200, 120);
    ASSERT_EQ(choice.faces.size(), 2U);
    EXPECT_EQ(choice.faces[1].index, 1);
    EXPECT_TRUE(choice.notes.empty());
}

TEST(Select, NamedFacesOnly) {
    Options options;
    options.faces = {1};
    const Choice choice = choose_faces(two_faces(), options, {}, 200, 120);
    ASSERT_EQ(choice.faces.size(), 1U);
    EXPECT_EQ(choice.faces[0].index, 1);
    options.faces = {2};
    EXPECT_EQ(kind_of([&] { choose_faces(two_faces(), options, {}, 200, 120); }), ErrorKind::input);
}

TEST(Select, RegionKeepsFacesWithTheirCentreInside) {
    Options options;
    options.region = Rect{100, 0, 100, 120};
    const Choice choice = choose_faces(two_faces(), options, {}, 200, 120);
    ASSERT_EQ(choice.faces.size(), 1U);
    EXPECT_EQ(choice.faces[0].index, 1);
}

TEST(Select, RegionWithoutAFaceIsTheFace) {
    Options options;
    options.region = Rect{0, 100, 50, 400};  // reaches below the picture
    const Choice choice = choose_faces(two_faces(), options, {}, 200, 180);
    ASSERT_EQ(choice.faces.size(), 1U);
    EXPECT_TRUE(choice.faces[0].face.from_region);
    EXPECT_LE(choice.faces[0].face.y + choice.faces[0].face.height, 180.5F);
    ASSERT_EQ(choice.notes.size(), 1U);
    EXPECT_THAT(choice.notes[0], HasSubstr("region itself"));
}

TEST(Select, NothingToCloakIsAnError) {
    EXPECT_EQ(kind_of([] { choose_faces({}, {}, {}, 200, 120); }), ErrorKind::no_face);
    Options tiny;
    tiny.region = Rect{5, 5, 3, 3};
    EXPECT_EQ(kind_of([&] { choose_faces({}, tiny, {}, 200, 120); }), ErrorKind::input);
    Options outside;
    outside.region = Rect{500, 5, 90, 90};
    EXPECT_EQ(kind_of([&] { choose_faces({}, outside, {}, 200, 120); }), ErrorKind::input);
}

TEST(Select, FacesNamedBesideARegionAreNeverReplacedByIt) {
    Options options;
    options.faces = {0};
    options.region = Rect{100, 0, 100, 120};
    EXPECT_EQ(kind_of([&] { choose_faces(two_faces(), options, {}, 200, 120); }), ErrorKind::input);
    options.faces = {0, 1};
    EXPECT_EQ(choose_faces(two_faces(), options, {}, 200, 120).faces.size(), 1U);
    // Nobody is found there: it is where the person saw a face.
    options.region = Rect{0, 100, 50, 80};
    EXPECT_TRUE(choose_faces(two_faces(), options, {}, 200, 180).faces.at(0).face.from_region);
}

TEST(Select, AFaceOutsideThePictureIsLeftOutAndNamed) {
    const Choice choice = choose_faces(two_faces(), {}, {}, 122, 120);
    ASSERT_EQ(choice.faces.size(), 1U);
    EXPECT_EQ(choice.faces[0].index, 0);
    ASSERT_EQ(choice.notes.size(), 1U);
    EXPECT_THAT(choice.notes[0], HasSubstr("Face 1 lies almost wholly outside"));
    EXPECT_EQ(kind_of([] { choose_faces(two_faces(), {}, {}, 22, 120); }), ErrorKind::no_face);
}

TEST(Select, SelectionLeavesFacesOut) {
    std::vector<std::uint8_t> mask(200 * 120, 0);
    const MaskView selection{mask.data(), 200, 120, 200};
    EXPECT_EQ(kind_of([&] { choose_faces(two_faces(), {}, selection, 200, 120); }),
              ErrorKind::no_face);
    for (int y = 0; y < 120; ++y) std::memset(mask.data() + y * 200, 255, 100);
    const Choice choice = choose_faces(two_faces(), {}, selection, 200, 120);
    ASSERT_EQ(choice.faces.size(), 1U);
    EXPECT_EQ(choice.faces[0].index, 0);
    ASSERT_EQ(choice.notes.size(), 1U);
    EXPECT_THAT(choice.notes[0], HasSubstr("Face 1"));
}

TEST(Select, PartlySelectedFaceIsNoted) {
    std::vector<std::uint8_t> mask(200 * 120, 0);
    for (int y = 0; y < 60; ++y) std::memset(mask.data() + y * 200, 255, 100);
    const Choice choice = choose_faces(two_faces(), {}, {mask.data(), 200, 120, 200}, 200, 120);
    ASSERT_EQ(choice.faces.size(), 1U);
    ASSERT_EQ(choice.notes.size(), 2U);
}

}  // namespace
}  // namespace lowkey::cloak
