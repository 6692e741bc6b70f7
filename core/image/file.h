// Picture files: JPEG, PNG, TIFF, WebP in and out, with their profile and metadata.
//
// Pixel values are taken as the display-encoded R'G'B' that the file holds, in whatever profile it
// carries, and the profile is kept as it is. They are not converted to sRGB: recognisers are fed
// such values as they are by their operators, and a conversion would change every pixel of the
// picture. Only a profile (or PNG gamma) that says "linear light" is heeded, as Encoding::linear.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/jpeg_quality.h"
#include "lowkey/picture.h"

namespace lowkey::image {

enum class FileType { jpeg, png, tiff, webp };

// Pixels per inch; 0 where the file says nothing.
struct Resolution {
    double x = 0, y = 0;
};

// How a JPEG was coded, so that it can be coded again in the same way and at a like size.
struct JpegCoding {
    std::vector<QuantisationTable> tables;              // by component
    std::vector<std::array<std::uint8_t, 2>> sampling;  // horizontal, vertical, by component
};

// The colour that a PNG states outside a profile, in 1/100000 as the file has it.
struct PngColour {
    std::optional<int> srgb_intent;
    std::optional<std::int32_t> gamma;
    std::optional<std::array<std::int32_t, 8>> chromaticities;  // white, red, green, blue: x, y
};

// Everything beside the pixels that has to survive into the output file.
struct FileInfo {
    FileType type = FileType::png;
    std::vector<std::byte> icc_profile;  // empty if none
    std::filesystem::path source;        // metadata is copied from here when writing; empty: none
    std::optional<int> quality;  // 1..100, set by a person for JPEG and WebP; unset: as the source
    std::optional<int> jpeg_quality;  // estimated from the quantisation tables, 1..100
    bool jpeg_subsampled = true;      // chroma at a lower resolution
    bool jpeg_progressive = false;
    std::optional<JpegCoding> jpeg;  // set by read() for a JPEG
    bool lossless = true;            // the source was; WebP is then written lossless
    Resolution resolution;
    PngColour png_colour;
    int tiff_compression = 0;         // the source's COMPRESSION_* tag; 0: not a TIFF
    bool tiff_alpha_unnamed = false;  // the fourth channel is EXTRASAMPLE_UNSPECIFIED
};

struct LoadedPicture {
    Picture picture;  // EXIF orientation applied
    FileInfo info;
};

// Larger pictures are refused with a message: 2^29 pixels, above any camera's single shot.
inline constexpr std::size_t kMaxFilePixels = std::size_t{1} << 29;

// Throws Error(file) for missing, truncated or damaged files, Error(input) for what is not
// supported (CMYK, animations, several pages: names the remedy), Error(memory).
LoadedPicture read(const std::filesystem::path& path);

enum class Exif { keep, drop };         // GPS, thumbnail and maker notes are removed in either case
enum class Existing { replace, keep };  // a file of that name; with `keep` it is an Error(file)

// Throws what write() would for a place that cannot be written or a type that cannot hold the
// picture, before hours are spent on it.
void check_writable(const std::filesystem::path& path, const PictureView& picture,
                    const FileInfo& info);

// Writes info.type to a temporary file beside `path` and renames; on any failure nothing is left
// behind and what `path` held stays. Orientation becomes 1.
// False if metadata was to be kept but cannot be read or does not fit into the new file.
// Throws Error(file), also if the source is gone meanwhile, Error(input) if the type cannot hold
// the picture (JPEG and alpha), Error(memory).
bool write(const std::filesystem::path& path, const PictureView& picture, const FileInfo& info,
           Exif exif, Existing existing = Existing::replace);

// By extension, case-insensitive. read() goes by the content.
std::optional<FileType> file_type_of_extension(const std::filesystem::path& path);

// "jpg", "png", "tif", "webp".
const char* usual_extension(FileType type);

}  // namespace lowkey::image
