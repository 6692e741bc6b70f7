#include <exiv2/exiv2.hpp>

#include "fixture.h"
#include "image/orientation.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;

namespace {

// Where the stored pixel (x, y) of a w x h picture is seen (EXIF 2.32, tag 0x0112).
std::pair<int, int> seen_at(int orientation, int x, int y, int w, int h) {
    switch (orientation) {
        case 2:
            return {w - 1 - x, y};
        case 3:
            return {w - 1 - x, h - 1 - y};
        case 4:
            return {x, h - 1 - y};
        case 5:
            return {y, x};
        case 6:
            return {h - 1 - y, x};
        case 7:
            return {h - 1 - y, w - 1 - x};
        case 8:
            return {y, w - 1 - x};
        default:
            return {x, y};
    }
}

void set_orientation(const std::filesystem::path& path, int orientation) {
    const auto image = Exiv2::ImageFactory::open(path.string());
    image->readMetadata();
    image->exifData()["Exif.Image.Orientation"] = static_cast<std::uint16_t>(orientation);
    image->exifData()["Exif.Image.Make"] = "Test";
    image->writeMetadata();
}

int orientation_tag(const std::filesystem::path& path) {
    const auto image = Exiv2::ImageFactory::open(path.string());
    image->readMetadata();
    const auto found = image->exifData().findKey(Exiv2::ExifKey("Exif.Image.Orientation"));
    return found == image->exifData().end() ? 1 : std::atoi(found->toString().c_str());
}

class Orientation : public FileTest {};

}  // namespace

TEST_F(Orientation, EveryFormatAndEveryOfTheEightIsAppliedOnce) {
    for (const char* name : {"a.png", "a.tif", "a.webp"})
        for (int orientation = 1; orientation <= 8; ++orientation) {
            SCOPED_TRACE(std::string(name) + " " + std::to_string(orientation));
            const Picture stored = gradient(23, 11, Sample::u8, Channels::rgb);
            FileInfo info;
            info.type = file_type_of_extension(name).value();
            write(path(name), stored.view(), info, Exif::drop);
            set_orientation(path(name), orientation);

            const LoadedPicture loaded = read(path(name));
            ASSERT_EQ(loaded.picture.width(), orientation >= 5 ? 11 : 23);
            for (int y = 0; y < 11; ++y)
                for (int x = 0; x < 23; ++x) {
                    const auto [u, v] = seen_at(orientation, x, y, 23, 11);
                    for (int c = 0; c < 3; ++c)
                        ASSERT_EQ(sample_at(loaded.picture.view(), u, v, c),
                                  sample_at(stored.view(), x, y, c));
                }
            // Written and read again it is the same picture: the tag is not applied twice.
            write(path(std::string("again-") + name), loaded.picture.view(), loaded.info,
                  Exif::keep);
            EXPECT_EQ(orientation_tag(path(std::string("again-") + name)), 1);
            EXPECT_TRUE(same_bits(read(path(std::string("again-") + name)).picture.view(),
                                  loaded.picture.view()));
        }
}

TEST_F(Orientation, JpegIsTurnedToo) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(orientation);
        const Picture stored = gradient(64, 40, Sample::u8, Channels::rgb);
        FileInfo info;
        info.type = FileType::jpeg;
        info.quality = 98;
        write(path("a.jpg"), stored.view(), info, Exif::drop);
        set_orientation(path("a.jpg"), orientation);
        const LoadedPicture loaded = read(path("a.jpg"));
        EXPECT_LT(largest_difference(loaded.picture.view(), upright(stored, orientation).view()),
                  0.04);
        write(path("b.jpg"), loaded.picture.view(), loaded.info, Exif::keep);
        EXPECT_EQ(orientation_tag(path("b.jpg")), 1);
        EXPECT_LT(largest_difference(read(path("b.jpg")).picture.view(), loaded.picture.view()),
                  0.04);
    }
}

TEST_F(Orientation, AJpegsTablesAreTurnedWithIt) {
    FileInfo info;
    info.type = FileType::jpeg;
    info.quality = 50;  // the tables of Annex K as they are, which differ along rows and columns
    write(path("a.jpg"), gradient(64, 40, Sample::u8, Channels::rgb).view(), info, Exif::drop);
    const JpegCoding stored = read(path("a.jpg")).info.jpeg.value();
    set_orientation(path("a.jpg"), 6);
    const LoadedPicture loaded = read(path("a.jpg"));
    for (std::size_t row = 0; row < 8; ++row)
        for (std::size_t column = 0; column < 8; ++column)
            EXPECT_EQ(loaded.info.jpeg->tables[0][8 * row + column],
                      stored.tables[0][8 * column + row]);
    EXPECT_NE(stored.tables[0], loaded.info.jpeg->tables[0]);
    EXPECT_EQ(loaded.info.jpeg_quality, 50);
}

TEST_F(Orientation, NonsenseIsIgnored) {
    const Picture stored = gradient(23, 11, Sample::u8, Channels::rgb);
    FileInfo info;
    write(path("a.png"), stored.view(), info, Exif::drop);
    for (const int nonsense : {0, 9, 60000}) {
        set_orientation(path("a.png"), nonsense);
        EXPECT_TRUE(same_bits(read(path("a.png")).picture.view(), stored.view()));
    }
}

TEST(Upright, MovesEveryPixelSize) {
    for (const Sample sample : {Sample::u8, Sample::u16, Sample::f32})
        for (const Channels channels :
             {Channels::grey, Channels::grey_alpha, Channels::rgb, Channels::rgba}) {
            const Picture picture = gradient(7, 5, sample, channels);
            const Picture turned = upright(picture, 6);
            ASSERT_EQ(turned.width(), 5);
            EXPECT_EQ(sample_at(turned.view(), 4 - 3, 2, 0), sample_at(picture.view(), 2, 3, 0));
            EXPECT_TRUE(same_bits(upright(turned, 8).view(), picture.view()));
        }
}
