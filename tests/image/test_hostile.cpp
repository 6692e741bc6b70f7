#include <sys/stat.h>

#include <algorithm>
#include <random>

#include "child_process.h"
#include "fixture.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;

namespace {

const char* const kNames[] = {"a.jpg", "a.png", "a.tif", "a.webp"};

class Hostile : public FileTest {
  protected:
    // Only lowkey::Error may come out, whatever goes in.
    void read_or_error(const Bytes& bytes) {
        save_bytes(path("x"), bytes);
        try {
            read(path("x"));
        } catch (const Error& error) {
            EXPECT_FALSE(std::string(error.what()).empty());
        }
    }
    Bytes make(const std::string& name) {
        FileInfo info;
        info.type = file_type_of_extension(name).value();
        info.icc_profile = make_profile(2.2);
        write(path(name), gradient(40, 30, Sample::u8, Channels::rgb).view(), info, Exif::drop);
        return load_bytes(path(name));
    }
};

}  // namespace

TEST_F(Hostile, ChangedBytesNeverCrash) {
    std::mt19937 random(1);
    for (const char* name : kNames) {
        const Bytes whole = make(name);
        for (int i = 0; i < 400; ++i) {
            Bytes bytes = whole;
            const int changes = 1 + static_cast<int>(random() % 8);
            for (int c = 0; c < changes; ++c) {
                // Headers are where the harm is: half of the changes go into the first 256 bytes.
                const std::size_t range =
                    random() % 2 ? std::min<std::size_t>(256, bytes.size()) : bytes.size();
                bytes[random() % range] = static_cast<std::byte>(random());
            }
            read_or_error(bytes);
        }
    }
}

TEST_F(Hostile, ChangedTiffDirectoriesNeverCrash) {
    std::mt19937 random(2);
    const Bytes whole = make("a.tif");
    for (int i = 0; i < 600; ++i) {
        Bytes bytes = whole;
        for (int c = 0; c < 3; ++c) {
            const std::size_t tail = std::min<std::size_t>(400, bytes.size());
            bytes[bytes.size() - 1 - random() % tail] = static_cast<std::byte>(random());
        }
        read_or_error(bytes);
    }
}

TEST_F(Hostile, RandomBytesBehindEachSignature) {
    std::mt19937 random(3);
    for (const char* name : kNames) {
        const Bytes whole = make(name);
        for (int i = 0; i < 50; ++i) {
            Bytes bytes(whole.begin(), whole.begin() + 12);
            while (bytes.size() < 2000) bytes.push_back(static_cast<std::byte>(random()));
            read_or_error(bytes);
        }
    }
}

TEST_F(Hostile, AJpegThatClaimsMoreThanAnyCameraIsRefused) {
    Bytes bytes = make("a.jpg");
    // SOF0: FF C0, length, precision, height, width.
    const Bytes marker = {std::byte{0xFF}, std::byte{0xC0}};
    const auto at = std::search(bytes.begin(), bytes.end(), marker.begin(), marker.end());
    ASSERT_NE(at, bytes.end());
    for (int i = 5; i < 9; ++i) at[i] = std::byte{0xFD};  // 65021 x 65021
    save_bytes(path("x.jpg"), bytes);
    const Error error = error_of([&] { read(path("x.jpg")); });
    EXPECT_EQ(error.kind, ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find("megapixels"), std::string::npos);
}

// libjpeg does not look at the number of a table that no scan asks for.
TEST_F(Hostile, AJpegWhoseColoursHaveNoScanHasNoTablesOfTheirs) {
    FileInfo info;
    info.type = FileType::jpeg;
    write(path("grey.jpg"), gradient(40, 30, Sample::u8, Channels::grey).view(), info, Exif::drop);
    Bytes bytes = load_bytes(path("grey.jpg"));
    const Bytes marker = {std::byte{0xFF}, std::byte{0xC0}};
    const auto at = std::search(bytes.begin(), bytes.end(), marker.begin(), marker.end());
    ASSERT_NE(at, bytes.end());
    at[3] = std::byte{17};  // its length, with three components of three bytes
    at[9] = std::byte{3};
    const Bytes colours = {std::byte{2}, std::byte{0x11}, std::byte{200},
                           std::byte{3}, std::byte{0x11}, std::byte{255}};
    bytes.insert(at + 13, colours.begin(), colours.end());
    save_bytes(path("x.jpg"), bytes);
    const LoadedPicture loaded = read(path("x.jpg"));
    EXPECT_EQ(loaded.picture.format().channels, Channels::rgb);
    EXPECT_TRUE(loaded.info.jpeg->tables.empty());
    EXPECT_FALSE(loaded.info.jpeg_quality.has_value());
}

TEST_F(Hostile, WhatIsNoPictureGetsItsOwnMessage) {
    EXPECT_EQ(error_of([&] { read(path("missing.jpg")); }).kind, ErrorKind::file);
    EXPECT_EQ(error_of([&] { read(path(".")); }).kind, ErrorKind::file);
    save_bytes(path("empty.jpg"), {});
    EXPECT_NE(std::string(error_of([&] { read(path("empty.jpg")); }).what()).find("empty"),
              std::string::npos);
    save_bytes(path("text.jpg"), Bytes(100, std::byte{'x'}));
    EXPECT_EQ(error_of([&] { read(path("text.jpg")); }).kind, ErrorKind::input);
    ASSERT_EQ(::mkfifo(path("pipe.jpg").c_str(), 0600), 0);
    EXPECT_EQ(error_of([&] { read(path("pipe.jpg")); }).kind, ErrorKind::file);
    EXPECT_EQ(error_of([&] { read("/dev/zero"); }).kind, ErrorKind::file);
}

TEST_F(Hostile, NoPermissionSaysSo) {
    make("a.png");
    ::chmod(path("a.png").c_str(), 0);
    ::chmod(path("").c_str(), 0755);
    EXPECT_TRUE(lowkey::testing::as_ordinary_user([&] {
        const std::string said = error_of([&] { read(path("a.png")); }).what();
        return said.find("permission") != std::string::npos;
    }));
}
