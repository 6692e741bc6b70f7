#include "command/inputs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "child_process.h"
#include "lowkey/error.h"
#include "temporary_folder.h"

namespace lowkey::command {
namespace {

namespace fs = std::filesystem;
using lowkey::testing::as_ordinary_user;
using lowkey::testing::TemporaryFolder;

void touch(const fs::path& file) {
    fs::create_directories(file.parent_path());
    lowkey::testing::write_text(file, "x");
}

TEST(Expand, AFolderThatCannotBeReadIsAnErrorAndNotEmpty) {
    const TemporaryFolder folder;
    touch(folder / "locked/a.png");
    ::chmod(folder.path().c_str(), 0755);
    ::chmod((folder / "locked").c_str(), 0);
    for (const bool recursive : {false, true}) {
        EXPECT_TRUE(as_ordinary_user([&] {
            try {
                expand({folder / "locked"}, recursive);
            } catch (const Error& error) {
                return std::string(error.what()).find("cannot be read") != std::string::npos;
            }
            return false;
        }));
    }
    ::chmod((folder / "locked").c_str(), 0700);
}

TEST(Expand, ALockedFolderBelowFailsByItselfAndTheOthersGoOn) {
    const TemporaryFolder folder;
    touch(folder / "a.png");
    touch(folder / "locked/b.png");
    touch(folder / "open/c.png");
    fs::create_directory_symlink("locked", folder / "link");  // no link is followed
    ::chmod(folder.path().c_str(), 0755);
    ::chmod((folder / "locked").c_str(), 0);
    EXPECT_TRUE(as_ordinary_user([&] {
        const std::vector<Input> inputs = expand({folder.path()}, true);
        return inputs.size() == 3 && inputs[0].file == folder / "a.png" &&
               inputs[1].file == folder / "locked" && inputs[2].file == folder / "open/c.png";
    }));
    ::chmod((folder / "locked").c_str(), 0700);
}

}  // namespace
}  // namespace lowkey::command
