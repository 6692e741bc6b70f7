#include <cstdio>
// jpeglib.h needs FILE declared first.
#include <jpeglib.h>

#include "fixture.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;
using ::testing::Test;

namespace {

class Jpeg : public FileTest {
  protected:
    FileInfo info_ = [] {
        FileInfo info;
        info.type = FileType::jpeg;
        return info;
    }();
    std::filesystem::path make(int quality, int width = 320, int height = 200,
                               Channels channels = Channels::rgb) {
        info_.quality = quality;
        write(path("a.jpg"), gradient(width, height, Sample::u8, channels).view(), info_,
              Exif::drop);
        return path("a.jpg");
    }
};

// A four-component file, as made for print.
void write_cmyk(const std::filesystem::path& path) {
    jpeg_compress_struct codec;
    jpeg_error_mgr errors;
    codec.err = jpeg_std_error(&errors);
    jpeg_create_compress(&codec);
    FILE* file = std::fopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    jpeg_stdio_dest(&codec, file);
    codec.image_width = codec.image_height = 16;
    codec.input_components = 4;
    codec.in_color_space = JCS_CMYK;
    jpeg_set_defaults(&codec);
    jpeg_start_compress(&codec, TRUE);
    std::vector<JSAMPLE> row(64, 100);
    JSAMPROW rows[] = {row.data()};
    for (int y = 0; y < 16; ++y) jpeg_write_scanlines(&codec, rows, 1);
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    std::fclose(file);
}

}  // namespace

TEST_F(Jpeg, QualityIsReadFromTheTables) {
    for (const int quality : {10, 35, 50, 75, 90, 95, 100})
        EXPECT_EQ(read(make(quality)).info.jpeg_quality, quality);
}

TEST_F(Jpeg, UnchangedPictureKeepsTablesSamplingAndSize) {
    for (const bool subsampled : {true, false})
        for (const bool progressive : {true, false})
            for (const int quality : {60, 85, 97}) {
                SCOPED_TRACE(quality);
                info_.jpeg_subsampled = subsampled;
                info_.jpeg_progressive = progressive;
                const LoadedPicture first = read(make(quality));
                EXPECT_EQ(first.info.jpeg_subsampled, subsampled);
                EXPECT_EQ(first.info.jpeg_progressive, progressive);
                write(path("b.jpg"), first.picture.view(), first.info, Exif::keep);
                const LoadedPicture second = read(path("b.jpg"));
                EXPECT_EQ(second.info.jpeg->tables, first.info.jpeg->tables);
                EXPECT_EQ(second.info.jpeg->sampling, first.info.jpeg->sampling);
                EXPECT_EQ(second.info.jpeg_progressive, progressive);
                const auto a = static_cast<double>(file_size(path("a.jpg")));
                const auto b = static_cast<double>(file_size(path("b.jpg")));
                EXPECT_NEAR(b / a, 1, 0.15);
            }
}

TEST_F(Jpeg, PhotosKeepTheirSize) {
    const std::filesystem::path photos = std::filesystem::path(LOWKEY_SHARED) / "photos";
    if (!exists(photos)) GTEST_SKIP() << "no photos at " << photos;
    int seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator(photos)) {
        if (file_type_of_extension(entry.path()) != FileType::jpeg) continue;
        SCOPED_TRACE(entry.path());
        const LoadedPicture photo = read(entry.path());
        write(path("b.jpg"), photo.picture.view(), photo.info, Exif::keep);
        const double ratio =
            static_cast<double>(file_size(path("b.jpg"))) / static_cast<double>(entry.file_size());
        // The same coefficients with optimised Huffman tables: at high qualities a fifth smaller
        // than with the standard ones that some cameras use.
        EXPECT_LT(ratio, 1.15);
        EXPECT_GT(ratio, 0.75);
        ++seen;
    }
    EXPECT_GT(seen, 0);
}

TEST_F(Jpeg, APersonsQualityWins) {
    LoadedPicture loaded = read(make(60));
    loaded.info.quality = 95;
    write(path("b.jpg"), loaded.picture.view(), loaded.info, Exif::drop);
    EXPECT_EQ(read(path("b.jpg")).info.jpeg_quality, 95);
}

TEST_F(Jpeg, GreyStaysGrey) {
    const LoadedPicture grey = read(make(90, 64, 64, Channels::grey));
    EXPECT_EQ(grey.picture.format().channels, Channels::grey);
    write(path("b.jpg"), grey.picture.view(), grey.info, Exif::drop);
    EXPECT_EQ(read(path("b.jpg")).picture.format().channels, Channels::grey);
}

TEST_F(Jpeg, CmykNamesTheRemedy) {
    write_cmyk(path("print.jpg"));
    const Error error = error_of([&] { read(path("print.jpg")); });
    EXPECT_EQ(error.kind, ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find("CMYK"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("-colorspace sRGB"), std::string::npos);
}

TEST_F(Jpeg, AlphaIsRefusedAndDeeperSamplesAreRounded) {
    const Picture rgba = gradient(8, 8, Sample::u8, Channels::rgba);
    EXPECT_EQ(error_of([&] { write(path("x.jpg"), rgba.view(), info_, Exif::drop); }).kind,
              ErrorKind::input);
    const Picture deep = gradient(32, 32, Sample::u16, Channels::rgb);
    info_.quality = 100;
    write(path("y.jpg"), deep.view(), info_, Exif::drop);
    EXPECT_LT(largest_difference(read(path("y.jpg")).picture.view(),
                                 gradient(32, 32, Sample::u8, Channels::rgb).view()),
              0.05);
}

TEST_F(Jpeg, EveryTruncationIsAnErrorAndNoGreyHalf) {
    for (const bool progressive : {false, true}) {
        info_.jpeg_progressive = progressive;
        const Bytes whole = load_bytes(make(90, 120, 90));
        for (std::size_t length = 1; length < whole.size(); length += 1 + whole.size() / 97) {
            save_bytes(path("cut.jpg"),
                       Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
            EXPECT_THROW(read(path("cut.jpg")), Error) << length << " of " << whole.size();
        }
        save_bytes(path("cut.jpg"), Bytes(whole.begin(), whole.end() - 2));
        EXPECT_THROW(read(path("cut.jpg")), Error) << "without its end marker";
    }
}

TEST_F(Jpeg, ProfileIsKeptByteForByteAlsoAcrossSegments) {
    Bytes profile = make_profile(2.2);
    profile.resize(150'000);  // over two APP2 segments; what follows the tags is padding
    for (const Bytes& wanted : {make_profile(2.2), profile}) {
        info_.icc_profile = wanted;
        const LoadedPicture first = read(make(90));
        EXPECT_EQ(first.info.icc_profile, wanted);
        write(path("b.jpg"), first.picture.view(), first.info, Exif::keep);
        EXPECT_EQ(read(path("b.jpg")).info.icc_profile, wanted);
    }
}

TEST_F(Jpeg, ResolutionIsKept) {
    info_.resolution = {300, 300};
    const LoadedPicture loaded = read(make(90));
    EXPECT_EQ(loaded.info.resolution.x, 300);
}
