#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "child_process.h"
#include "fixture.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;
using lowkey::testing::as_ordinary_user;
using lowkey::testing::in_child;

namespace {

class Write : public FileTest {
  protected:
    Picture picture_ = gradient(200, 150, Sample::u8, Channels::rgb);

    bool refuses(const std::filesystem::path& target, const std::string& part) {
        try {
            write(target, picture_.view(), {}, Exif::drop);
        } catch (const Error& error) {
            if (error.kind == ErrorKind::file &&
                std::string(error.what()).find(part) != std::string::npos)
                return true;
            ADD_FAILURE() << error.what();
        }
        return false;
    }
};

}  // namespace

TEST_F(Write, AFailedWriteLeavesTheOldFileAndNothingElse) {
    write(path("a.png"), picture_.view(), {}, Exif::drop);
    const Bytes before = load_bytes(path("a.png"));
    EXPECT_TRUE(in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{200, 200};  // as a disk that fills up in the middle of the file
        ::setrlimit(RLIMIT_FSIZE, &limit);
        return refuses(path("a.png"), "larger than allowed") &&
               refuses(path("b.png"), "larger than allowed");
    }));
    EXPECT_EQ(load_bytes(path("a.png")), before);
    EXPECT_EQ(files(), std::vector<std::string>{"a.png"});
}

TEST_F(Write, AFullDiskSaysSo) {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
    std::filesystem::create_directory(path("small"));
    const std::string mount =
        "mount -t tmpfs -o size=8k none '" + path("small").string() + "' 2>/dev/null";
    if (std::system(mount.c_str()) != 0) GTEST_SKIP() << "a small disk cannot be mounted here";
    picture_ = gradient(900, 700, Sample::u16, Channels::rgba);
    EXPECT_TRUE(refuses(path("small") / "a.png", "disk is full"));
    EXPECT_TRUE(std::filesystem::is_empty(path("small")));
    ASSERT_EQ(std::system(("umount '" + path("small").string() + "'").c_str()), 0);
}

TEST_F(Write, AReadOnlyFolderSaysSo) {
    std::filesystem::create_directory(path("locked"));
    ::chmod(path("locked").c_str(), 0555);
    ::chmod(path("").c_str(), 0755);
    EXPECT_TRUE(as_ordinary_user(
        [&] { return refuses(path("locked") / "a.png", "permission is denied"); }));
    EXPECT_TRUE(std::filesystem::is_empty(path("locked")));
}

TEST_F(Write, WhatCannotBeWrittenIsKnownBefore) {
    std::filesystem::create_directory(path("locked"));
    ::chmod(path("locked").c_str(), 0555);
    ::chmod(path("").c_str(), 0755);
    const auto error = [&](const std::string& name, const Picture& picture, FileType type) {
        FileInfo info;
        info.type = type;
        try {
            check_writable(path(name), picture.view(), info);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(error("a.png", picture_, FileType::png), "");
    EXPECT_NE(error("none/a.png", picture_, FileType::png).find("does not exist"),
              std::string::npos);
    const Picture see_through = gradient(20, 15, Sample::u8, Channels::rgba);
    EXPECT_NE(error("a.jpg", see_through, FileType::jpeg).find("transparency"), std::string::npos);
    const Picture wide = gradient(17000, 2, Sample::u8, Channels::grey);
    EXPECT_NE(error("a.webp", wide, FileType::webp).find("16383"), std::string::npos);
    EXPECT_TRUE(as_ordinary_user([&] {
        return error("locked/a.png", picture_, FileType::png).find("permission is denied") !=
               std::string::npos;
    }));
    EXPECT_EQ(files(), std::vector<std::string>{"locked"});
}

TEST_F(Write, AFileThatIsThereIsKeptIfAskedTo) {
    const auto write_new = [&](const char* name) {
        write(path(name), picture_.view(), {}, Exif::drop, Existing::keep);
    };
    write_new("a.png");
    EXPECT_EQ(read(path("a.png")).picture.width(), picture_.width());
    save_bytes(path("b.png"), load_bytes(path("a.png")));
    std::filesystem::create_symlink("none.png", path("link.png"));
    for (const char* name : {"b.png", "link.png"}) {
        const Bytes before = load_bytes(path("b.png"));
        const Error error = error_of([&] { write_new(name); });
        EXPECT_EQ(error.kind, ErrorKind::file);
        EXPECT_NE(std::string(error.what()).find("is there by now"), std::string::npos);
        EXPECT_EQ(load_bytes(path("b.png")), before);
    }
    EXPECT_EQ(files(), (std::vector<std::string>{"a.png", "b.png", "link.png"}));
}

TEST_F(Write, OddTargetsAreRefused) {
    EXPECT_TRUE(refuses(path("none") / "a.png", "does not exist"));
    EXPECT_TRUE(refuses(path("."), "no ordinary file"));
    EXPECT_TRUE(refuses(path(std::string(300, 'x') + ".png"), "too long"));
    ASSERT_EQ(::mkfifo(path("pipe.png").c_str(), 0600), 0);
    EXPECT_TRUE(refuses(path("pipe.png"), "no ordinary file"));
    EXPECT_TRUE(std::filesystem::is_fifo(path("pipe.png")));
    EXPECT_TRUE(refuses("/dev/full", "no ordinary file"));
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST_F(Write, AVanishedSourceIsAnErrorAndNothingIsLeft) {
    FileInfo info;
    info.source = path("gone.png");
    EXPECT_EQ(error_of([&] { write(path("a.png"), picture_.view(), info, Exif::keep); }).kind,
              ErrorKind::file);
    EXPECT_TRUE(files().empty());
}

TEST_F(Write, ALinkKeepsPointingAndPermissionsStay) {
    write(path("a.png"), picture_.view(), {}, Exif::drop);
    ::chmod(path("a.png").c_str(), 0640);
    std::filesystem::create_symlink("a.png", path("link.png"));
    write(path("link.png"), gradient(10, 10, Sample::u8, Channels::rgb).view(), {}, Exif::drop);
    EXPECT_TRUE(std::filesystem::is_symlink(path("link.png")));
    EXPECT_EQ(read(path("a.png")).picture.width(), 10);
    struct stat info;
    ASSERT_EQ(::stat(path("a.png").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(Write, ANewFileGetsTheUsersUsualPermissions) {
    const mode_t mask = ::umask(027);
    write(path("a.png"), picture_.view(), {}, Exif::drop);
    ::umask(mask);
    struct stat info;
    ASSERT_EQ(::stat(path("a.png").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST(FileType, IsKnownByItsExtension) {
    EXPECT_EQ(file_type_of_extension("a.JPeG"), FileType::jpeg);
    EXPECT_EQ(file_type_of_extension("dir.png/a.tif"), FileType::tiff);
    EXPECT_EQ(file_type_of_extension("ä.WEBP"), FileType::webp);
    EXPECT_FALSE(file_type_of_extension("a.gif"));
    EXPECT_FALSE(file_type_of_extension("png"));
}
