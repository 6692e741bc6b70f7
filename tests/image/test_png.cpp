#include <cstdlib>

#include "fixture.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;

namespace {

class Png : public FileTest {
  protected:
    LoadedPicture round_trip(const Picture& picture, FileInfo info = {}) {
        write(path("a.png"), picture.view(), info, Exif::drop);
        LoadedPicture loaded = read(path("a.png"));
        write(path("b.png"), loaded.picture.view(), loaded.info, Exif::keep);
        LoadedPicture again = read(path("b.png"));
        EXPECT_TRUE(same_bits(again.picture.view(), loaded.picture.view()));
        return again;
    }
};

// A PNG that our writer does not make, by ImageMagick (a test tool only).
bool make_with_magick(const std::string& arguments, const std::filesystem::path& path) {
    return std::system(("convert " + arguments + " '" + path.string() + "' 2>/dev/null").c_str()) ==
           0;
}

}  // namespace

TEST_F(Png, EveryIntegerFormatSurvivesBitForBit) {
    for (const Sample sample : {Sample::u8, Sample::u16})
        for (const Channels channels :
             {Channels::grey, Channels::grey_alpha, Channels::rgb, Channels::rgba}) {
            const Picture picture = gradient(37, 23, sample, channels);
            const LoadedPicture loaded = round_trip(picture);
            EXPECT_TRUE(same_bits(loaded.picture.view(), picture.view()));
            EXPECT_EQ(loaded.picture.format().sample, sample);
        }
}

TEST_F(Png, FloatIsWrittenWithSixteenBits) {
    const LoadedPicture loaded = round_trip(gradient(20, 20, Sample::f32, Channels::rgb));
    EXPECT_EQ(loaded.picture.format().sample, Sample::u16);
    EXPECT_LT(largest_difference(loaded.picture.view(),
                                 gradient(20, 20, Sample::f32, Channels::rgb).view()),
              1e-4);
}

TEST_F(Png, PaletteWithAndWithoutTransparencyBecomesColour) {
    if (!make_with_magick("-size 40x30 gradient:red-blue -colors 16 -type Palette", path("p.png")))
        GTEST_SKIP() << "ImageMagick's convert is not installed";
    const LoadedPicture loaded = read(path("p.png"));
    EXPECT_EQ(loaded.picture.format().channels, Channels::rgb);
    EXPECT_GT(sample_at(loaded.picture.view(), 5, 0, 0), 0.8);
    EXPECT_GT(sample_at(loaded.picture.view(), 5, 29, 2), 0.8);
    ASSERT_TRUE(make_with_magick(
        "-size 40x30 xc:red -fill none -draw 'color 0,0 point' -type PaletteAlpha", path("t.png")));
    const LoadedPicture see_through = read(path("t.png"));
    EXPECT_TRUE(has_alpha(see_through.picture.format().channels));
}

TEST_F(Png, OneBitAndInterlacedAreRead) {
    if (!make_with_magick("-size 40x30 gradient: -monochrome -depth 1", path("one.png")))
        GTEST_SKIP() << "ImageMagick's convert is not installed";
    EXPECT_EQ(read(path("one.png")).picture.format().channels, Channels::grey);
    ASSERT_TRUE(
        make_with_magick("-size 41x31 gradient:red-blue -interlace PNG", path("adam7.png")));
    ASSERT_TRUE(make_with_magick("-size 41x31 gradient:red-blue", path("plain.png")));
    EXPECT_TRUE(
        same_bits(read(path("adam7.png")).picture.view(), read(path("plain.png")).picture.view()));
}

TEST_F(Png, ProfileIsKeptByteForByte) {
    FileInfo info;
    info.icc_profile = make_profile(2.2);
    const LoadedPicture loaded = round_trip(gradient(8, 8, Sample::u8, Channels::rgb), info);
    EXPECT_EQ(loaded.info.icc_profile, info.icc_profile);
    EXPECT_EQ(loaded.picture.format().encoding, Encoding::encoded);
}

TEST_F(Png, LinearLightIsNoticedByProfileAndByGamma) {
    FileInfo by_profile;
    by_profile.icc_profile = make_profile(1.0);
    EXPECT_EQ(round_trip(gradient(8, 8, Sample::u16, Channels::rgb), by_profile)
                  .picture.format()
                  .encoding,
              Encoding::linear);
    FileInfo by_gamma;
    by_gamma.png_colour.gamma = 100000;
    const LoadedPicture loaded = round_trip(gradient(8, 8, Sample::u16, Channels::rgb), by_gamma);
    EXPECT_EQ(loaded.picture.format().encoding, Encoding::linear);
    EXPECT_EQ(loaded.info.png_colour.gamma, 100000);
}

// TIFF, JPEG and WebP say so by a profile alone.
TEST_F(Png, LinearLightByGammaIsToldInOtherFormatsToo) {
    FileInfo info;
    info.png_colour.gamma = 100000;
    for (const Channels channels : {Channels::grey, Channels::rgb}) {
        LoadedPicture loaded = round_trip(gradient(16, 16, Sample::u16, channels), info);
        for (const char* name : {"a.tif", "a.jpg", "a.webp"}) {
            if (channels == Channels::grey && name == std::string("a.webp")) continue;
            loaded.info.type = file_type_of_extension(name).value();
            write(path(name), loaded.picture.view(), loaded.info, Exif::drop);
            EXPECT_EQ(read(path(name)).picture.format().encoding, Encoding::linear) << name;
        }
    }
}

TEST_F(Png, ResolutionIsKept) {
    FileInfo info;
    info.resolution = {300, 150};
    const LoadedPicture loaded = round_trip(gradient(8, 8, Sample::u8, Channels::rgb), info);
    EXPECT_NEAR(loaded.info.resolution.x, 300, 0.1);
    EXPECT_NEAR(loaded.info.resolution.y, 150, 0.1);
}

TEST_F(Png, EveryTruncationIsAnError) {
    write(path("a.png"), gradient(60, 40, Sample::u8, Channels::rgb).view(), {}, Exif::drop);
    const Bytes whole = load_bytes(path("a.png"));
    for (std::size_t length = 1; length < whole.size(); length += 1 + whole.size() / 97) {
        save_bytes(path("cut.png"),
                   Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
        EXPECT_THROW(read(path("cut.png")), Error) << length << " of " << whole.size();
    }
}

TEST_F(Png, AHeaderThatLiesAboutItsSizeIsRefusedBeforeMemoryIsAskedFor) {
    write(path("a.png"), gradient(60, 40, Sample::u8, Channels::rgb).view(), {}, Exif::drop);
    Bytes bytes = load_bytes(path("a.png"));
    const auto claim = [&](unsigned width, unsigned height) {
        for (int i = 0; i < 4; ++i) {
            bytes[static_cast<std::size_t>(16 + i)] = static_cast<std::byte>(width >> (24 - 8 * i));
            bytes[static_cast<std::size_t>(20 + i)] =
                static_cast<std::byte>(height >> (24 - 8 * i));
        }
        unsigned crc = 0xFFFFFFFF;  // of IHDR, or libpng would stop at the checksum
        for (std::size_t i = 12; i < 29; ++i) {
            crc ^= std::to_integer<unsigned>(bytes[i]);
            for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
        }
        crc = ~crc;
        for (int i = 0; i < 4; ++i)
            bytes[static_cast<std::size_t>(29 + i)] = static_cast<std::byte>(crc >> (24 - 8 * i));
        save_bytes(path("lie.png"), bytes);
        return error_of([&] { read(path("lie.png")); });
    };
    EXPECT_NE(std::string(claim(100000, 100000).what()).find("megapixels"), std::string::npos);
    EXPECT_NE(std::string(claim(20000, 20000).what()).find("too short"), std::string::npos);
    EXPECT_THROW(throw claim(61, 40), Error);
}

TEST_F(Png, AHundredMegapixelsAreRead) {
    Picture large(10000, 10000, {Sample::u8, Channels::grey, Encoding::encoded});
    large.row(9999)[9999] = std::byte{77};
    write(path("large.png"), large.view(), {}, Exif::drop);
    const LoadedPicture loaded = read(path("large.png"));
    EXPECT_EQ(loaded.picture.width(), 10000);
    EXPECT_EQ(loaded.picture.row(9999)[9999], std::byte{77});
}
