#include "image/metadata.h"

#include <algorithm>
#include <exiv2/exiv2.hpp>
#include <initializer_list>
#include <mutex>
#include <string_view>

namespace lowkey::image {
namespace {

// Exiv2's XMP parser has one global state.
std::mutex& exiv2_mutex() {
    static std::mutex mutex;
    static const bool ready = [] {
        Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
        return Exiv2::XmpParser::initialize();
    }();
    static_cast<void>(ready);
    return mutex;
}

auto open(ByteSpan file) {
    auto image =
        Exiv2::ImageFactory::open(reinterpret_cast<const Exiv2::byte*>(file.data()), file.size());
    image->readMetadata();
    return image;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// Tags of the first directory that describe the source's coding or embed whole other blocks
// (TIFF 6.0, TIFF/EP, DNG 1.6). The new file has its own, or its writer makes them anew.
bool describes_coding(std::uint16_t tag) {
    constexpr std::uint16_t kTags[] = {
        0x00fe, 0x00ff, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0107, 0x0108, 0x0109, 0x010a,
        0x0111, 0x0112, 0x0115, 0x0116, 0x0117, 0x0118, 0x0119, 0x011c, 0x0120, 0x0121, 0x0122,
        0x0123, 0x0124, 0x0125, 0x012d, 0x013d, 0x0140, 0x0141, 0x0142, 0x0143, 0x0144, 0x0145,
        0x014a, 0x0152, 0x0153, 0x0154, 0x0155, 0x0156, 0x015b, 0x0200, 0x0201, 0x0202, 0x0203,
        0x0205, 0x0206, 0x0207, 0x0208, 0x0209, 0x0211, 0x0212, 0x0213, 0x0214, 0x02bc, 0x83bb,
        0x8649, 0x8773, 0x935c, 0xc634, 0xc68b, 0xc68c};
    return std::find(std::begin(kTags), std::end(kTags), tag) != std::end(kTags);
}

bool holds_jpeg(const Exiv2::Exifdatum& datum) {
    std::vector<Exiv2::byte> bytes(static_cast<std::size_t>(datum.size()));
    if (bytes.size() < 64) return false;
    datum.copy(bytes.data(), Exiv2::littleEndian);
    constexpr Exiv2::byte kStart[] = {0xFF, 0xD8, 0xFF};
    return std::search(bytes.begin(), bytes.end(), std::begin(kStart), std::end(kStart)) !=
           bytes.end();
}

bool may_stay(const Exiv2::Exifdatum& datum) {
    const std::string group = datum.groupName();
    // Every other group is GPS, the thumbnail's directory, a preview's or a maker note's.
    if (group != "Image" && group != "Photo" && group != "Iop") return false;
    constexpr std::uint16_t kMakerNote = 0x927c, kGpsPointer = 0x8825, kDngPrivate = 0xc634;
    const std::uint16_t tag = datum.tag();
    if (tag == kMakerNote || tag == kGpsPointer || tag == kDngPrivate) return false;
    if (group == "Image" && describes_coding(tag)) return false;
    return !holds_jpeg(datum);
}

bool may_stay(const Exiv2::Xmpdatum& datum) {
    const std::string key = datum.key();
    for (const std::string_view part :
         {"GPS", "Thumbnail", "xmpGImg", "Xmp.GImage.", "Xmp.GDepth.", "Xmp.GCamera.",
          "Xmp.xmpNote.", "Xmp.tiff.Orientation", "Xmp.tiff.ImageWidth", "Xmp.tiff.ImageLength",
          "PixelXDimension", "PixelYDimension"})
        if (contains(key, part)) return false;
    // Base64 of a JPEG's and a PNG's first bytes.
    const std::string value = datum.toString();
    return !value.starts_with("/9j/") && !value.starts_with("iVBORw0KGgo");
}

bool may_stay(const Exiv2::Iptcdatum& datum) {
    return !contains(datum.key(), "Preview");
}

void set_if_present(Exiv2::ExifData& exif, const char* key, std::uint32_t value) {
    const auto found = exif.findKey(Exiv2::ExifKey(key));
    if (found != exif.end()) *found = value;
}

}  // namespace

int orientation_of(ByteSpan file) {
    const std::lock_guard lock(exiv2_mutex());
    try {
        const auto image = open(file);
        const Exiv2::ExifData& exif = image->exifData();
        const auto found = exif.findKey(Exiv2::ExifKey("Exif.Image.Orientation"));
        if (found == exif.end() || found->count() == 0) return 1;
        const int value = std::atoi(found->toString().c_str());
        return value >= 1 && value <= 8 ? value : 1;
    } catch (const std::exception&) {
        return 1;
    }
}

bool copy_metadata(ByteSpan source, Bytes& encoded, int width, int height) {
    // Exiv2 opens BigTIFF and finds nothing in it.
    if (is_big_tiff(source) || is_big_tiff(encoded)) return false;
    const std::lock_guard lock(exiv2_mutex());
    try {
        const auto from = open(source);
        if (from->exifData().empty() && from->xmpData().empty() && from->iptcData().empty() &&
            from->comment().empty())
            return true;
        const auto to = open(encoded);
        for (const auto& datum : from->exifData())
            if (may_stay(datum)) to->exifData()[datum.key()] = datum.value();
        for (const auto& datum : from->xmpData())
            if (may_stay(datum)) to->xmpData().add(datum);
        for (const auto& datum : from->iptcData())
            if (may_stay(datum)) to->iptcData().add(datum);
        // TIFF and WebP have no comment and refuse one.
        if (to->supportsMetadata(Exiv2::mdComment)) to->setComment(from->comment());
        set_if_present(to->exifData(), "Exif.Photo.PixelXDimension",
                       static_cast<std::uint32_t>(width));
        set_if_present(to->exifData(), "Exif.Photo.PixelYDimension",
                       static_cast<std::uint32_t>(height));
        to->writeMetadata();
        Exiv2::BasicIo& io = to->io();
        if (io.open() != 0) return false;
        const auto* bytes = reinterpret_cast<const std::byte*>(io.mmap());
        encoded.assign(bytes, bytes + io.size());
        return true;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace lowkey::image
