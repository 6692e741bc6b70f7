#include <exiv2/exiv2.hpp>

#include "fixture.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;

namespace {

const char* const kNames[] = {"a.jpg", "a.png", "a.tif", "a.webp"};

class Metadata : public FileTest {
  protected:
    // A picture with everything that must go and something that must stay.
    std::filesystem::path make(const std::string& name) {
        FileInfo info;
        info.type = file_type_of_extension(name).value();
        write(path(name), gradient(64, 48, Sample::u8, Channels::rgb).view(), info, Exif::drop);
        FileInfo small;
        small.type = FileType::jpeg;
        write(path("thumb.jpg"), gradient(16, 12, Sample::u8, Channels::rgb).view(), small,
              Exif::drop);
        const Bytes thumbnail = load_bytes(path("thumb.jpg"));

        const auto image = Exiv2::ImageFactory::open(path(name).string());
        image->readMetadata();
        Exiv2::ExifData& exif = image->exifData();
        exif["Exif.Image.Make"] = "Kamerä";
        exif["Exif.Image.DateTime"] = "2026:01:02 03:04:05";
        exif["Exif.Photo.FNumber"] = Exiv2::Rational(28, 10);
        exif["Exif.Photo.PixelXDimension"] = std::uint32_t{999};
        exif["Exif.GPSInfo.GPSLatitudeRef"] = "N";
        exif["Exif.GPSInfo.GPSLatitude"] = "52/1 31/1 0/1";
        exif["Exif.Canon.OwnerName"] = "Somebody";  // a maker note
        if (name != "a.tif")
            Exiv2::ExifThumb(exif).setJpegThumbnail(
                reinterpret_cast<const Exiv2::byte*>(thumbnail.data()), thumbnail.size());
        Exiv2::XmpData& xmp = image->xmpData();
        xmp["Xmp.dc.creator"] = "Jemand";
        xmp["Xmp.exif.GPSLatitude"] = "52,31N";
        xmp["Xmp.tiff.Orientation"] = "1";
        Exiv2::XmpTextValue bag;
        bag.setXmpArrayType(Exiv2::XmpValue::xaAlt);
        xmp.add(Exiv2::XmpKey("Xmp.xmp.Thumbnails"), &bag);
        xmp["Xmp.xmp.Thumbnails[1]/xmpGImg:image"] = "/9j/4AAQSkZJRgABAQEASABIAAD";
        if (name != "a.webp") image->iptcData()["Iptc.Application2.Caption"] = "A caption";
        image->writeMetadata();
        return path(name);
    }
};

struct Found {
    std::vector<std::string> keys;
    Exiv2::ExifData exif;
    Exiv2::XmpData xmp;
    bool any(const std::string& part) const {
        return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
            return key.find(part) != std::string::npos;
        });
    }
};

Found inspect(const std::filesystem::path& path) {
    const auto image = Exiv2::ImageFactory::open(path.string());
    image->readMetadata();
    Found found;
    for (const auto& datum : image->exifData()) found.keys.push_back(datum.key());
    for (const auto& datum : image->xmpData()) found.keys.push_back(datum.key());
    for (const auto& datum : image->iptcData()) found.keys.push_back(datum.key());
    found.exif = image->exifData();
    found.xmp = image->xmpData();
    return found;
}

int jpegs_inside(const Bytes& bytes) {
    int count = 0;
    for (std::size_t i = 0; i + 2 < bytes.size(); ++i)
        if (bytes[i] == std::byte{0xFF} && bytes[i + 1] == std::byte{0xD8} &&
            bytes[i + 2] == std::byte{0xFF})
            ++count;
    return count;
}

}  // namespace

TEST_F(Metadata, WhatShowsTheFaceOrThePlaceIsGoneTheRestIsKept) {
    for (const char* from : kNames)
        for (const char* to : kNames) {
            SCOPED_TRACE(std::string(from) + " -> " + to);
            const auto source = make(from);
            const Found before = inspect(source);
            ASSERT_TRUE(before.any("GPSLatitude"));
            ASSERT_TRUE(before.any("Xmp.xmp.Thumbnails"));

            LoadedPicture loaded = read(source);
            loaded.info.type = file_type_of_extension(to).value();
            const auto target =
                path(std::string("out") + std::filesystem::path(to).extension().string());
            ASSERT_TRUE(write(target, loaded.picture.view(), loaded.info, Exif::keep));
            const Found after = inspect(target);
            EXPECT_FALSE(after.any("GPS"));
            EXPECT_FALSE(after.any("Thumbnail"));
            EXPECT_FALSE(after.any("xmpGImg"));
            EXPECT_FALSE(after.any("MakerNote"));
            EXPECT_FALSE(after.any("Canon"));
            EXPECT_EQ(after.exif.findKey(Exiv2::ExifKey("Exif.Image.Make"))->toString(), "Kamerä");
            EXPECT_EQ(after.exif.findKey(Exiv2::ExifKey("Exif.Photo.FNumber"))->toString(),
                      "28/10");
            EXPECT_EQ(after.exif.findKey(Exiv2::ExifKey("Exif.Photo.PixelXDimension"))->toString(),
                      "64");
            EXPECT_EQ(after.xmp.findKey(Exiv2::XmpKey("Xmp.dc.creator"))->toString(), "Jemand");
            // Exiv2 knows no IPTC in WebP.
            if (std::string(from) != "a.webp" && std::string(to) != "a.webp") {
                EXPECT_TRUE(after.any("Caption"));
            }
            // No second JPEG hides anywhere in the file.
            EXPECT_EQ(jpegs_inside(load_bytes(target)), std::string(to) == "a.jpg" ? 1 : 0);
            // And the pixels are still read.
            EXPECT_EQ(read(target).picture.width(), 64);
        }
}

TEST_F(Metadata, DropLeavesNothing) {
    for (const char* name : kNames) {
        SCOPED_TRACE(name);
        const LoadedPicture loaded = read(make(name));
        const auto target =
            path(std::string("out") + std::filesystem::path(name).extension().string());
        write(target, loaded.picture.view(), loaded.info, Exif::drop);
        const Found after = inspect(target);
        EXPECT_FALSE(after.any("Make"));
        EXPECT_FALSE(after.any("Xmp."));
        EXPECT_FALSE(after.any("GPS"));
        EXPECT_FALSE(after.any("Iptc."));
    }
}

TEST_F(Metadata, ProfileSurvivesBesideMetadataByteForByte) {
    for (const char* name : kNames) {
        SCOPED_TRACE(name);
        LoadedPicture loaded = read(make(name));
        loaded.info.icc_profile = make_profile(2.2);
        const auto target =
            path(std::string("out") + std::filesystem::path(name).extension().string());
        ASSERT_TRUE(write(target, loaded.picture.view(), loaded.info, Exif::keep));
        EXPECT_EQ(read(target).info.icc_profile, loaded.info.icc_profile);
        EXPECT_TRUE(inspect(target).any("Exif.Image.Make"));
    }
}

TEST_F(Metadata, DamagedMetadataDoesNotCostThePicture) {
    Bytes bytes = load_bytes(make("a.jpg"));
    const std::string marker = "Exif";
    auto at = std::search(bytes.begin(), bytes.end(), marker.begin(), marker.end(),
                          [](std::byte b, char c) { return b == static_cast<std::byte>(c); });
    ASSERT_NE(at, bytes.end());
    for (std::ptrdiff_t i = 14; i < 200; ++i) at[i] = std::byte{0xFF};
    save_bytes(path("bad.jpg"), bytes);
    const LoadedPicture loaded = read(path("bad.jpg"));
    EXPECT_EQ(loaded.picture.width(), 64);
    write(path("out.jpg"), loaded.picture.view(), loaded.info, Exif::keep);
    EXPECT_EQ(read(path("out.jpg")).picture.width(), 64);
}
