#include <gtest/gtest.h>

#include <cstdlib>

#include "expect_error.h"
#include "lowkey/lowkey.h"
#include "model/manifest.h"
#include "temporary_folder.h"

namespace lowkey {
namespace {

using testing::expect_error;
using testing::TemporaryFolder;
using testing::write_text;

// A clean environment: nothing that is installed on this machine is seen.
class FindPack : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const auto* name : {"LOWKEY_PACK", "LOWKEY_PACKS"}) unsetenv(name);
        setenv("XDG_DATA_HOME", (folder_ / "user").c_str(), 1);
        setenv("XDG_DATA_DIRS",
               ((folder_ / "system").string() + ":" + (folder_ / "old").string()).c_str(), 1);
    }
    void TearDown() override {
        for (const auto* name : {"LOWKEY_PACK", "LOWKEY_PACKS", "XDG_DATA_HOME", "XDG_DATA_DIRS"})
            unsetenv(name);
    }
    std::filesystem::path install(const std::string& place) {
        const auto path = folder_ / place;
        std::filesystem::create_directories(path);
        // Finding reads manifests only.
        model::Manifest manifest{"a pack", "CC0-1.0", "a test", {}, {}, {}};
        for (const auto* name : {"a", "b", "c"}) {
            auto& entry = manifest.recognisers.emplace_back();
            entry.name = name;
            entry.architecture = {{"name", "mobilefacenet"}};
            entry.weights = {"x.safetensors", std::string(64, '0'), {}, {}};
        }
        model::write_manifest(path, manifest);
        return path;
    }
    TemporaryFolder folder_;
};

TEST_F(FindPack, TheUsersDefaultComesBeforeTheSystems) {
    const auto system = install("old/lowkey/packs/default");
    EXPECT_EQ(find_pack(), system);
    const auto user = install("user/lowkey/packs/default");
    EXPECT_EQ(find_pack(), user);
}

TEST_F(FindPack, AMovedFolderOfPacksComesFirst) {
    install("user/lowkey/packs/default");
    const auto moved = install("elsewhere/default");
    setenv("LOWKEY_PACKS", (folder_ / "elsewhere").c_str(), 1);
    EXPECT_EQ(find_pack(), moved);
}

TEST_F(FindPack, ByPathByNameAndByVariable) {
    const auto other = install("user/lowkey/packs/öther");
    install("user/lowkey/packs/default");
    EXPECT_EQ(find_pack(other.string()), other);
    EXPECT_EQ(find_pack("öther"), other);
    setenv("LOWKEY_PACK", "öther", 1);
    EXPECT_EQ(find_pack(), other);
    EXPECT_EQ(find_pack("default").filename(), "default");  // a name beats the variable
}

TEST_F(FindPack, SaysWhereItLooked) {
    expect_error(ErrorKind::pack, (folder_ / "user/lowkey/packs/none").string(),
                 [] { find_pack("none"); });
    setenv("LOWKEY_PACK", "/no/such/pack", 1);
    expect_error(ErrorKind::pack, "/no/such/pack", [] { find_pack(); });
}

TEST_F(FindPack, ListsEachInstalledPackOnceAndShowsDamage) {
    const auto user = install("user/lowkey/packs/mine");
    install("system/lowkey/packs/mine");
    std::filesystem::create_directories(folder_ / "system/lowkey/packs/broken");
    write_text(folder_ / "system/lowkey/packs/broken/manifest.json", "{");
    std::vector<PackSummary> ours;
    for (const auto& pack : installed_packs()) {
        if (pack.folder.string().starts_with(folder_.path().string())) ours.push_back(pack);
    }
    ASSERT_EQ(ours.size(), 2U);
    EXPECT_EQ(ours[0].folder, user);
    EXPECT_EQ(ours[0].recognisers.size(), 3U);
    EXPECT_EQ(ours[1].name, "broken (damaged)");
}

}  // namespace
}  // namespace lowkey
