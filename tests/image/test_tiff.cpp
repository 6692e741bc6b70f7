#include <tiffio.h>

#include <algorithm>

#include "fixture.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;

namespace {

class Tiff : public FileTest {
  protected:
    FileInfo info_ = [] {
        FileInfo info;
        info.type = FileType::tiff;
        return info;
    }();
};

struct RawTiff {
    int samples = 3, bits = 8, photometric = PHOTOMETRIC_RGB, planar = PLANARCONFIG_CONTIG;
    int extra = -1;  // kind of the last sample
    bool tiled = false;
    int compression = COMPRESSION_NONE;
    int pages = 1;
    bool later_pages_are_thumbnails = false, first_page_is_preview = false;
    const char* mode = "w";
    int orientation = 0;
};

// 32 x 16, sample c of pixel (x, y) is 4 x + y + 10 c.
void write_raw(const std::filesystem::path& path, const RawTiff& raw) {
    TIFF* tiff = TIFFOpen(path.c_str(), raw.mode);
    ASSERT_NE(tiff, nullptr);
    for (int page = 0; page < raw.pages; ++page) {
        TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 32);
        TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 16);
        TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, raw.bits);
        TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, raw.samples);
        TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, raw.photometric);
        TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, raw.planar);
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, raw.compression);
        if (raw.orientation > 0) TIFFSetField(tiff, TIFFTAG_ORIENTATION, raw.orientation);
        if (page > 0 ? raw.later_pages_are_thumbnails : raw.first_page_is_preview)
            TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
        if (raw.photometric == PHOTOMETRIC_PALETTE) {
            std::vector<std::uint16_t> red(256), green(256), blue(256);
            for (std::size_t i = 0; i < 256; ++i) {
                red[i] = static_cast<std::uint16_t>(i * 257);
                green[i] = static_cast<std::uint16_t>((255 - i) * 257);
            }
            TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
        }
        if (raw.extra >= 0) {
            const auto kind = static_cast<std::uint16_t>(raw.extra);
            TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
        }
        if (raw.tiled) {
            TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 16);
            TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
        }
        const bool planar = raw.planar == PLANARCONFIG_SEPARATE;
        const int per_pixel = planar ? 1 : raw.samples;
        for (int plane = 0; plane < (planar ? raw.samples : 1); ++plane) {
            const auto value = [&](int x, int y, int c) {
                return static_cast<std::uint8_t>(4 * x + y + 10 * (planar ? plane : c));
            };
            if (raw.tiled) {
                for (int left = 0; left < 32; left += 16) {
                    std::vector<std::uint8_t> tile;
                    for (int y = 0; y < 16; ++y)
                        for (int x = 0; x < 16; ++x)
                            for (int c = 0; c < per_pixel; ++c)
                                tile.push_back(value(left + x, y, c));
                    TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(left), 0, 0,
                                  static_cast<std::uint16_t>(plane));
                }
                continue;
            }
            for (int y = 0; y < 16; ++y) {
                std::vector<std::uint8_t> row;
                for (int x = 0; x < 32; ++x)
                    for (int c = 0; c < per_pixel; ++c) row.push_back(value(x, y, c));
                row.resize(row.size() * static_cast<std::size_t>(raw.bits) / 8);
                TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y),
                                  static_cast<std::uint16_t>(plane));
            }
        }
        TIFFWriteDirectory(tiff);
    }
    TIFFClose(tiff);
}

int byte_at(const Picture& picture, int x, int y, int c) {
    return static_cast<int>(sample_at(picture.view(), x, y, c) * 255 + 0.5);
}

}  // namespace

TEST_F(Tiff, EveryFormatAndCompressionSurvivesBitForBit) {
    for (const int compression :
         {0, COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_JPEG})
        for (const Sample sample : {Sample::u8, Sample::u16, Sample::f32})
            for (const Channels channels :
                 {Channels::grey, Channels::grey_alpha, Channels::rgb, Channels::rgba}) {
                const Picture picture = gradient(37, 23, sample, channels);
                info_.tiff_compression = compression;
                write(path("a.tif"), picture.view(), info_, Exif::drop);
                const LoadedPicture loaded = read(path("a.tif"));
                EXPECT_TRUE(same_bits(loaded.picture.view(), picture.view()));
                write(path("b.tif"), loaded.picture.view(), loaded.info, Exif::keep);
                const LoadedPicture again = read(path("b.tif"));
                EXPECT_TRUE(same_bits(again.picture.view(), picture.view()));
                EXPECT_EQ(again.info.tiff_compression, loaded.info.tiff_compression);
            }
}

TEST_F(Tiff, PlanesAndTilesAreRead) {
    for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE})
        for (const bool tiled : {false, true}) {
            RawTiff raw;
            raw.planar = planar;
            raw.tiled = tiled;
            write_raw(path("raw.tif"), raw);
            const LoadedPicture loaded = read(path("raw.tif"));
            EXPECT_EQ(byte_at(loaded.picture, 29, 13, 0), 129);
            EXPECT_EQ(byte_at(loaded.picture, 29, 13, 2), 149);
            EXPECT_EQ(byte_at(loaded.picture, 0, 0, 1), 10);
        }
}

TEST_F(Tiff, WhiteIsZeroIsTurnedOver) {
    RawTiff raw;
    raw.samples = 1;
    raw.photometric = PHOTOMETRIC_MINISWHITE;
    write_raw(path("raw.tif"), raw);
    const LoadedPicture loaded = read(path("raw.tif"));
    EXPECT_EQ(loaded.picture.format().channels, Channels::grey);
    EXPECT_EQ(byte_at(loaded.picture, 10, 3, 0), 255 - 43);
}

TEST_F(Tiff, PremultipliedAlphaIsMadeStraight) {
    RawTiff raw;
    raw.samples = 4;
    raw.extra = EXTRASAMPLE_ASSOCALPHA;
    write_raw(path("raw.tif"), raw);
    const LoadedPicture loaded = read(path("raw.tif"));
    EXPECT_EQ(byte_at(loaded.picture, 20, 5, 3), 115);
    EXPECT_NEAR(byte_at(loaded.picture, 20, 5, 0), 85 * 255 / 115, 1);
}

TEST_F(Tiff, PaletteBecomesColour) {
    RawTiff raw;
    raw.samples = 1;
    raw.photometric = PHOTOMETRIC_PALETTE;
    write_raw(path("raw.tif"), raw);
    const LoadedPicture loaded = read(path("raw.tif"));
    EXPECT_EQ(loaded.picture.format().channels, Channels::rgb);
    EXPECT_EQ(byte_at(loaded.picture, 10, 3, 0), 43);
    EXPECT_EQ(byte_at(loaded.picture, 10, 3, 1), 255 - 43);
}

TEST_F(Tiff, CmykNamesTheRemedy) {
    RawTiff raw;
    raw.samples = 4;
    raw.photometric = PHOTOMETRIC_SEPARATED;
    write_raw(path("raw.tif"), raw);
    const Error error = error_of([&] { read(path("raw.tif")); });
    EXPECT_EQ(error.kind, ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find("Convert it to RGB"), std::string::npos);
}

TEST_F(Tiff, SeveralPagesAreRefusedButThumbnailPagesAreLeftOut) {
    RawTiff raw;
    raw.pages = 2;
    write_raw(path("raw.tif"), raw);
    EXPECT_EQ(error_of([&] { read(path("raw.tif")); }).kind, ErrorKind::input);
    raw.later_pages_are_thumbnails = true;
    write_raw(path("raw.tif"), raw);
    const LoadedPicture loaded = read(path("raw.tif"));
    write(path("b.tif"), loaded.picture.view(), loaded.info, Exif::keep);
    TIFF* tiff = TIFFOpen(path("b.tif").c_str(), "r");
    ASSERT_NE(tiff, nullptr);
    EXPECT_EQ(TIFFNumberOfDirectories(tiff), 1);
    TIFFClose(tiff);
}

TEST_F(Tiff, AFileThatBeginsWithAPreviewIsRefused) {
    RawTiff raw;
    raw.first_page_is_preview = true;
    for (const int pages : {1, 2}) {
        raw.pages = pages;
        write_raw(path("raw.dng"), raw);
        const Error error = error_of([&] { read(path("raw.dng")); });
        EXPECT_EQ(error.kind, ErrorKind::input);
        EXPECT_NE(std::string(error.what()).find("Develop it"), std::string::npos);
    }
}

TEST_F(Tiff, AnExtraChannelAmongTheColoursIsRefused) {
    RawTiff raw;
    raw.extra = EXTRASAMPLE_ASSOCALPHA;
    write_raw(path("raw.tif"), raw);
    EXPECT_EQ(error_of([&] { read(path("raw.tif")); }).kind, ErrorKind::input);
}

TEST_F(Tiff, AFourthChannelOfNoNameIsNotMadeTransparency) {
    for (const int kind : {EXTRASAMPLE_UNSPECIFIED, EXTRASAMPLE_UNASSALPHA}) {
        RawTiff raw;
        raw.samples = 4;
        raw.extra = kind;
        write_raw(path("raw.tif"), raw);
        const LoadedPicture loaded = read(path("raw.tif"));
        write(path("b.tif"), loaded.picture.view(), loaded.info, Exif::keep);
        TIFF* tiff = TIFFOpen(path("b.tif").c_str(), "r");
        ASSERT_NE(tiff, nullptr);
        std::uint16_t count = 0, *kinds = nullptr;
        TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
        ASSERT_EQ(count, 1);
        EXPECT_EQ(kinds[0], kind);
        TIFFClose(tiff);
    }
}

TEST_F(Tiff, BigTiffIsTurnedAndSaysThatItsMetadataIsLeftOut) {
    RawTiff raw;
    raw.mode = "w8";
    raw.orientation = ORIENTATION_RIGHTTOP;
    write_raw(path("big.tif"), raw);
    const LoadedPicture loaded = read(path("big.tif"));
    EXPECT_EQ(loaded.picture.width(), 16);
    EXPECT_EQ(byte_at(loaded.picture, 15, 0, 0), 0);  // the first stored pixel
    EXPECT_FALSE(write(path("b.tif"), loaded.picture.view(), loaded.info, Exif::keep));
    EXPECT_EQ(read(path("b.tif")).picture.width(), 16);
}

TEST_F(Tiff, TilesFarLargerThanThePictureAreRefused) {
    RawTiff raw;
    raw.tiled = true;
    write_raw(path("raw.tif"), raw);
    Bytes bytes = load_bytes(path("raw.tif"));
    for (const std::uint16_t tag : {TIFFTAG_TILEWIDTH, TIFFTAG_TILELENGTH}) {
        // A directory's entry: tag, type 4 (32 bits), one value, the value.
        const std::uint32_t claim[] = {tag | 4U << 16, 1, 30000};
        const auto* entry = reinterpret_cast<const std::byte*>(claim);
        const auto at = std::search(bytes.begin(), bytes.end(), entry, entry + 2);
        ASSERT_NE(at, bytes.end());
        std::copy(entry, entry + sizeof claim, at);
    }
    save_bytes(path("raw.tif"), bytes);
    EXPECT_NE(std::string(error_of([&] { read(path("raw.tif")); }).what()).find("far larger"),
              std::string::npos);
}

TEST_F(Tiff, ThirtyTwoBitIntegersAreRefused) {
    RawTiff raw;
    raw.bits = 32;
    write_raw(path("raw.tif"), raw);
    EXPECT_EQ(error_of([&] { read(path("raw.tif")); }).kind, ErrorKind::input);
}

TEST_F(Tiff, ProfileAndResolutionAreKept) {
    info_.icc_profile = make_profile(2.2);
    info_.resolution = {300, 300};
    write(path("a.tif"), gradient(8, 8, Sample::u16, Channels::rgb).view(), info_, Exif::drop);
    const LoadedPicture loaded = read(path("a.tif"));
    EXPECT_EQ(loaded.info.icc_profile, info_.icc_profile);
    EXPECT_EQ(loaded.info.resolution.x, 300);
    EXPECT_EQ(loaded.picture.format().encoding, Encoding::encoded);
    info_.icc_profile = make_profile(1.0);
    write(path("a.tif"), gradient(8, 8, Sample::f32, Channels::rgb).view(), info_, Exif::drop);
    EXPECT_EQ(read(path("a.tif")).picture.format().encoding, Encoding::linear);
}

TEST_F(Tiff, EveryTruncationOfThePixelsIsAnError) {
    // libtiff writes the directory last, so any cut loses it; a cut strip needs a directory in
    // front.
    write(path("a.tif"), gradient(60, 40, Sample::u8, Channels::rgb).view(), info_, Exif::drop);
    const Bytes whole = load_bytes(path("a.tif"));
    for (std::size_t length = 1; length + 1 < whole.size(); length += 1 + whole.size() / 61) {
        save_bytes(path("cut.tif"),
                   Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
        EXPECT_THROW(read(path("cut.tif")), Error) << length << " of " << whole.size();
    }
}
