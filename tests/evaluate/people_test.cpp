#include "evaluate/people.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lowkey/error.h"
#include "temporary_folder.h"

namespace lowkey::evaluate {
namespace {

using lowkey::testing::TemporaryFolder;
using lowkey::testing::write_text;
using ::testing::HasSubstr;

void add(const std::filesystem::path& folder, const std::string& person, int photos) {
    std::filesystem::create_directories(folder / person);
    for (int i = 0; i < photos; ++i)
        write_text(folder / person / ("photo" + std::to_string(i) + ".jpg"), "x");
}

std::vector<Person> crowd(int people, int photos) {
    std::vector<Person> result;
    for (int i = 0; i < people; ++i)
        result.push_back({"person" + std::to_string(i),
                          std::vector<std::filesystem::path>(static_cast<std::size_t>(photos))});
    return result;
}

std::vector<std::string> names(const std::vector<Person>& people) {
    std::vector<std::string> result;
    for (const Person& person : people) result.push_back(person.name);
    return result;
}

TEST(People, AreFoldersWithPictures) {
    const TemporaryFolder folder;
    add(folder.path(), "Zoë", 2);
    add(folder.path(), "Anna", 1);
    add(folder.path(), "Nobody", 0);
    add(folder.path(), ".hidden", 3);
    write_text(folder / "Anna" / "notes.txt", "x");
    write_text(folder / "loose.jpg", "x");
    const auto people = read_people(folder.path());
    EXPECT_EQ(names(people), (std::vector<std::string>{"Anna", "Zoë"}));
    EXPECT_EQ(people[0].photos.size(), 1U);
    EXPECT_EQ(people[1].photos[1].filename(), "photo1.jpg");
}

TEST(People, NobodyIsSaidPlainly) {
    const TemporaryFolder folder;
    try {
        read_people(folder.path());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::input);
        EXPECT_THAT(error.what(), HasSubstr("no people"));
    }
    try {
        read_people(folder / "missing");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::file);
        EXPECT_THAT(error.what(), HasSubstr("missing"));
    }
}

TEST(People, SplitIsTheTrainings) {
    // Pinned: another split would let networks be judged on people that they were trained on.
    EXPECT_TRUE(is_validation("AJ_Cook"));
    EXPECT_FALSE(is_validation("Aaron_Eckhart"));
    int validation = 0;
    for (const Person& person : crowd(5000, 1)) validation += is_validation(person.name) ? 1 : 0;
    EXPECT_NEAR(validation, 1000, 100);
}

TEST(Cast, EverybodyPlaysOnePart) {
    auto people = crowd(60, 2);
    for (std::size_t i = 0; i < 30; ++i) people[2 * i].photos.resize(1);
    const Cast cast = choose_cast(people, Subset::all, 10);
    EXPECT_EQ(cast.subjects.size(), 10U);
    EXPECT_EQ(cast.distractors.size(), 50U);
    std::set<std::string> all;
    for (const Person& person : cast.subjects) {
        EXPECT_GE(person.photos.size(), 2U) << person.name;
        all.insert(person.name);
    }
    for (const Person& person : cast.distractors) all.insert(person.name);
    EXPECT_EQ(all.size(), 60U);
}

TEST(Cast, FewerAreAPartOfMore) {
    const auto people = crowd(100, 2);
    const auto few = names(choose_cast(people, Subset::all, 5).subjects);
    auto more = names(choose_cast(people, Subset::all, 20).subjects);
    more.resize(5);
    EXPECT_EQ(few, more);
}

TEST(Cast, SubsetsSplitTheSubjectsOnly) {
    const auto people = crowd(200, 2);
    const Cast validation = choose_cast(people, Subset::validation, 1000);
    const Cast training = choose_cast(people, Subset::training, 1000);
    for (const Person& person : validation.subjects) EXPECT_TRUE(is_validation(person.name));
    for (const Person& person : training.subjects) EXPECT_FALSE(is_validation(person.name));
    EXPECT_EQ(validation.subjects.size() + training.subjects.size(), 200U);
    EXPECT_EQ(validation.distractors.size(), training.subjects.size());
}

TEST(Cast, DistractorsCanBeFew) {
    const auto people = crowd(50, 2);
    EXPECT_EQ(choose_cast(people, Subset::all, 10, 7).distractors.size(), 7U);
    EXPECT_EQ(choose_cast(people, Subset::all, 10, 700).distractors.size(), 40U);
    EXPECT_TRUE(choose_cast(people, Subset::all, 10, 0).distractors.empty());
}

TEST(Cast, OnePhotoEachIsSaidPlainly) {
    try {
        choose_cast(crowd(9, 1), Subset::all, 5);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::input);
        EXPECT_THAT(error.what(), HasSubstr("two photos"));
    }
}

}  // namespace
}  // namespace lowkey::evaluate
