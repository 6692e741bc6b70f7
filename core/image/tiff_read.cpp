// TIFF by libtiff directly: float samples, planes, tiles, alpha kinds and pages are told apart.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#include "image/codec.h"
#include "image/tiff_file.h"

namespace lowkey::image {
namespace {

// Of small pictures; writers use up to a megapixel.
constexpr std::size_t kLargestTile = std::size_t{1} << 26;

struct Layout {
    std::uint32_t width = 0, height = 0;
    std::uint16_t bits = 1, samples = 1, sample_format = SAMPLEFORMAT_UINT;
    std::uint16_t photometric = PHOTOMETRIC_RGB, planar = PLANARCONFIG_CONTIG;
    std::uint16_t extra = 0;  // samples beyond the colours
    bool premultiplied = false, unnamed = false;
};

Layout layout_of(const TiffFile& file, const std::string& name) {
    Layout layout;
    TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &layout.width);
    TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &layout.height);
    layout.bits = file.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
    layout.samples = file.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
    layout.sample_format = file.tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    layout.planar = file.tag<std::uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    if (!TIFFGetField(file.get(), TIFFTAG_PHOTOMETRIC, &layout.photometric))
        fail_damaged(name, "it does not say what its values mean");
    std::uint16_t* kinds = nullptr;
    TIFFGetFieldDefaulted(file.get(), TIFFTAG_EXTRASAMPLES, &layout.extra, &kinds);
    layout.premultiplied = layout.extra == 1 && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    layout.unnamed = layout.extra == 1 && kinds[0] == EXTRASAMPLE_UNSPECIFIED;
    return layout;
}

void refuse_unsupported(const Layout& layout, const std::string& name) {
    if (layout.photometric == PHOTOMETRIC_SEPARATED)
        throw Error(
            ErrorKind::input,
            name +
                " is a CMYK picture made for print. Convert it to RGB first: open it in "
                "GIMP or Krita and export it, or run: convert in.tif -colorspace sRGB out.tif");
    if (layout.photometric == PHOTOMETRIC_CIELAB || layout.photometric == PHOTOMETRIC_ICCLAB ||
        layout.photometric == PHOTOMETRIC_ITULAB)
        throw Error(ErrorKind::input, name + " is a Lab picture. Convert it to RGB first.");
    if (layout.extra > 1)
        throw Error(ErrorKind::input,
                    name +
                        " has channels beside colour and transparency. Save it without "
                        "them first.");
}

bool is_page(const TiffFile& file) {
    const auto kind = file.tag<std::uint32_t>(TIFFTAG_SUBFILETYPE, 0);
    return !(kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK));
}

// A second page that is no reduced copy of the first would be lost in the output. Camera raw files
// begin with a preview and keep the photo where no TIFF reader looks.
void refuse_pages(const TiffFile& file, const std::string& name) {
    if (!is_page(file))
        throw Error(ErrorKind::input,
                    name +
                        " begins with a mere preview, as the raw files of cameras do. Develop it "
                        "first, and export it as TIFF or JPEG.");
    int pages = 1;
    while (pages < 2 && TIFFReadDirectory(file.get())) pages += is_page(file) ? 1 : 0;
    if (pages > 1)
        throw Error(ErrorKind::input,
                    name + " has several pages. Save each page as a file of its own first.");
    if (!TIFFSetDirectory(file.get(), 0)) fail_damaged(name, file.problem());
}

bool is_plain(const Layout& layout) {
    const bool grey = layout.photometric == PHOTOMETRIC_MINISBLACK ||
                      layout.photometric == PHOTOMETRIC_MINISWHITE;
    if (!grey && layout.photometric != PHOTOMETRIC_RGB) return false;
    const int colors = grey ? 1 : 3;
    if (layout.samples != colors + layout.extra) return false;
    if (layout.sample_format == SAMPLEFORMAT_IEEEFP) return layout.bits == 32;
    return layout.sample_format == SAMPLEFORMAT_UINT && (layout.bits == 8 || layout.bits == 16);
}

PixelFormat format_of(const Layout& layout) {
    const bool grey = layout.photometric != PHOTOMETRIC_RGB;
    const bool alpha = layout.samples == (grey ? 2 : 4);
    PixelFormat format;
    format.sample = layout.bits == 8 ? Sample::u8 : layout.bits == 16 ? Sample::u16 : Sample::f32;
    if (grey)
        format.channels = alpha ? Channels::grey_alpha : Channels::grey;
    else
        format.channels = alpha ? Channels::rgba : Channels::rgb;
    return format;
}

// Where decoded rows of a strip or tile go: interleaved, or into one channel of every pixel.
struct Target {
    Picture& picture;
    std::size_t sample_bytes;
    bool planar;
    std::uint16_t plane = 0;

    void put(const std::byte* from, int x, int y, int count) const {
        const std::size_t pixel_bytes = bytes_per_pixel(picture.format());
        std::byte* to = picture.row(y) + static_cast<std::size_t>(x) * pixel_bytes;
        if (!planar) {
            std::memcpy(to, from, static_cast<std::size_t>(count) * pixel_bytes);
            return;
        }
        to += plane * sample_bytes;
        for (int i = 0; i < count; ++i, to += pixel_bytes, from += sample_bytes)
            std::memcpy(to, from, sample_bytes);
    }
};

void read_tiles(const TiffFile& file, const Target& target, const std::string& name) {
    std::uint32_t tile_width = 0, tile_height = 0;
    TIFFGetField(file.get(), TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(file.get(), TIFFTAG_TILELENGTH, &tile_height);
    const auto row_bytes = static_cast<std::size_t>(TIFFTileRowSize(file.get()));
    const auto tile_bytes = static_cast<std::size_t>(TIFFTileSize(file.get()));
    if (!tile_width || !tile_height || !row_bytes || tile_bytes / row_bytes < tile_height)
        fail_damaged(name, "its tiles have no size");
    const auto width = static_cast<std::uint32_t>(target.picture.width());
    const auto height = static_cast<std::uint32_t>(target.picture.height());
    if (tile_bytes > std::max(kLargestTile, 2 * target.picture.size_bytes()))
        fail_damaged(name, "its tiles are far larger than the picture");
    Bytes tile(tile_bytes);
    for (std::uint32_t y = 0; y < height; y += tile_height)
        for (std::uint32_t x = 0; x < width; x += tile_width) {
            if (TIFFReadTile(file.get(), tile.data(), x, y, 0, target.plane) < 0)
                fail_damaged(name, file.problem());
            const auto count = static_cast<int>(std::min(tile_width, width - x));
            for (std::uint32_t row = 0; row < std::min(tile_height, height - y); ++row)
                target.put(&tile[row * row_bytes], static_cast<int>(x), static_cast<int>(y + row),
                           count);
        }
}

void read_strips(const TiffFile& file, const Target& target, const std::string& name) {
    Bytes line(static_cast<std::size_t>(TIFFScanlineSize(file.get())));
    const std::size_t needed =
        target.planar ? static_cast<std::size_t>(target.picture.width()) * target.sample_bytes
                      : target.picture.stride();
    if (line.size() < needed) fail_damaged(name, "its rows are too short");
    for (int y = 0; y < target.picture.height(); ++y) {
        if (TIFFReadScanline(file.get(), line.data(), static_cast<std::uint32_t>(y), target.plane) <
            0)
            fail_damaged(name, file.problem());
        target.put(line.data(), 0, y, target.picture.width());
    }
}

Picture read_plain(const TiffFile& file, const Layout& layout, const std::string& name) {
    Picture picture(static_cast<int>(layout.width), static_cast<int>(layout.height),
                    format_of(layout));
    Target target{picture, layout.bits / 8U,
                  layout.planar == PLANARCONFIG_SEPARATE && layout.samples > 1};
    for (; target.plane < (target.planar ? layout.samples : 1); ++target.plane)
        TIFFIsTiled(file.get()) ? read_tiles(file, target, name) : read_strips(file, target, name);
    return picture;
}

// Palettes, YCbCr, 1 to 4 bits: libtiff's own conversion to 8-bit RGBA, without turning.
Picture read_by_library(const TiffFile& file, const Layout& layout, const std::string& name) {
    char reason[1024] = "";
    const bool wide = layout.sample_format != SAMPLEFORMAT_UINT || layout.bits > 16;
    TIFFRGBAImage image;
    if (wide || !TIFFRGBAImageBegin(&image, file.get(), 1, reason))
        throw Error(ErrorKind::input,
                    name + " is of a TIFF kind that LowKey cannot read (" +
                        std::to_string(layout.samples) + " samples of " +
                        std::to_string(layout.bits) +
                        " bits). Save it as 8-bit, 16-bit or 32-bit float RGB first.");
    image.req_orientation = image.orientation;
    std::vector<std::uint32_t> raster;
    int done = 0;
    try {
        raster.resize(std::size_t{layout.width} * layout.height);
        done = TIFFRGBAImageGet(&image, raster.data(), layout.width, layout.height);
    } catch (...) {
        TIFFRGBAImageEnd(&image);
        throw;
    }
    TIFFRGBAImageEnd(&image);
    if (!done) fail_damaged(name, file.problem());

    const bool grey = layout.photometric == PHOTOMETRIC_MINISBLACK ||
                      layout.photometric == PHOTOMETRIC_MINISWHITE;
    const bool alpha = layout.extra > 0;
    const Channels channels = grey && !alpha ? Channels::grey
                              : alpha        ? Channels::rgba
                                             : Channels::rgb;
    Picture picture(static_cast<int>(layout.width), static_cast<int>(layout.height),
                    {Sample::u8, channels, Encoding::encoded});
    const int count = channel_count(channels);
    for (int y = 0; y < picture.height(); ++y) {
        const std::uint32_t* in = &raster[static_cast<std::size_t>(y) * layout.width];
        std::byte* out = picture.row(y);
        for (std::uint32_t x = 0; x < layout.width; ++x, out += count)
            for (int c = 0; c < count; ++c)
                out[c] = static_cast<std::byte>(in[x] >> (8 * c) & 0xFF);
    }
    return picture;
}

template <typename T>
void for_each_pixel(Picture& picture, auto change) {
    const int channels = channel_count(picture.format().channels);
    for (int y = 0; y < picture.height(); ++y) {
        auto* pixel = reinterpret_cast<T*>(picture.row(y));
        for (int x = 0; x < picture.width(); ++x, pixel += channels) change(pixel);
    }
}

void with_samples_of(Picture& picture, auto change) {
    switch (picture.format().sample) {
        case Sample::u8:
            return for_each_pixel<std::uint8_t>(picture, change);
        case Sample::u16:
            return for_each_pixel<std::uint16_t>(picture, change);
        case Sample::f32:
            return for_each_pixel<float>(picture, change);
    }
}

template <typename T>
constexpr double kWhite = std::is_floating_point_v<T> ? 1.0 : std::numeric_limits<T>::max();

// White-is-zero grey is turned over once, so that everything else sees black as zero.
void invert(Picture& picture) {
    with_samples_of(picture, [](auto* pixel) {
        using T = std::remove_pointer_t<decltype(pixel)>;
        pixel[0] = static_cast<T>(kWhite<T> - pixel[0]);
    });
}

// Alpha is straight everywhere else. A fully transparent pixel has no colour to win back.
void unpremultiply(Picture& picture) {
    const int colors = color_channel_count(picture.format().channels);
    with_samples_of(picture, [colors](auto* pixel) {
        using T = std::remove_pointer_t<decltype(pixel)>;
        const double alpha = pixel[colors] / kWhite<T>;
        if (!(alpha > 0)) return;
        for (int c = 0; c < colors; ++c) {
            const double straight = pixel[c] / alpha;
            if constexpr (std::is_floating_point_v<T>)
                pixel[c] = static_cast<T>(straight);
            else
                pixel[c] = static_cast<T>(std::min(straight + 0.5, kWhite<T>));
        }
    });
}

Resolution resolution_of(const TiffFile& file) {
    const auto unit = file.tag<std::uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    const double factor = unit == RESUNIT_CENTIMETER ? 2.54 : unit == RESUNIT_INCH ? 1 : 0;
    return {file.tag<float>(TIFFTAG_XRESOLUTION, 0) * factor,
            file.tag<float>(TIFFTAG_YRESOLUTION, 0) * factor};
}

}  // namespace

bool is_big_tiff(ByteSpan bytes) {
    using namespace std::string_view_literals;
    const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                                 std::min<std::size_t>(4, bytes.size()));
    return start == "II+\0"sv || start == "MM\0+"sv;
}

int tiff_orientation(ByteSpan bytes) {
    const TiffFile file(bytes);
    const int value = file.get() ? file.tag<std::uint16_t>(TIFFTAG_ORIENTATION, 1) : 1;
    return value >= 1 && value <= 8 ? value : 1;
}

LoadedPicture read_tiff(ByteSpan bytes, const std::string& name) {
    const TiffFile file(bytes);
    if (!file.get()) fail_damaged(name, file.problem());
    refuse_pages(file, name);
    const Layout layout = layout_of(file, name);
    refuse_unsupported(layout, name);
    check_size(name, layout.width, layout.height);

    LoadedPicture loaded;
    loaded.info.type = FileType::tiff;
    loaded.info.tiff_alpha_unnamed = layout.unnamed;
    loaded.info.tiff_compression = file.tag<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    loaded.info.resolution = resolution_of(file);
    std::uint32_t profile_size = 0;
    const std::byte* profile = nullptr;
    if (TIFFGetField(file.get(), TIFFTAG_ICCPROFILE, &profile_size, &profile))
        loaded.info.icc_profile.assign(profile, profile + profile_size);

    if (is_plain(layout)) {
        loaded.picture = read_plain(file, layout, name);
        if (layout.photometric == PHOTOMETRIC_MINISWHITE) invert(loaded.picture);
        if (layout.premultiplied) unpremultiply(loaded.picture);
    } else {
        loaded.picture = read_by_library(file, layout, name);
        if (layout.extra > 0) unpremultiply(loaded.picture);  // libtiff's conversion premultiplies
    }
    return loaded;
}

}  // namespace lowkey::image
