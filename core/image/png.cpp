// PNG by libpng directly: grey + alpha, palettes and gamma stay what they are.
#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>

#include "image/codec.h"
#include "image/samples.h"

namespace lowkey::image {
namespace {

constexpr double kMetresPerInch = 0.0254;
constexpr std::int32_t kLinearGamma = 100000;
constexpr std::size_t kBestDeflateRatio = 1032;  // no zlib stream expands further

struct Input {
    ByteSpan rest;
};

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
    auto& input = *static_cast<Input*>(png_get_io_ptr(png));
    if (count > input.rest.size()) png_error(png, "the file ends too early");
    std::memcpy(to, input.rest.data(), count);
    input.rest = input.rest.subspan(count);
}

// The buffer grows inside a C callback, which no exception may leave.
struct Output {
    Bytes bytes;
    bool out_of_memory = false;
};

bool append(Output& output, const std::byte* from, std::size_t count) noexcept {
    try {
        output.bytes.insert(output.bytes.end(), from, from + count);
        return true;
    } catch (const std::exception&) {
        output.out_of_memory = true;
        return false;
    }
}

void write_bytes(png_structp png, png_bytep from, std::size_t count) {
    auto& output = *static_cast<Output*>(png_get_io_ptr(png));
    if (!append(output, reinterpret_cast<const std::byte*>(from), count))
        png_error(png, "out of memory");
}

void flush_nothing(png_structp) {}

struct Problem {
    char message[256] = "";
};

void on_error(png_structp png, png_const_charp message) {
    auto& problem = *static_cast<Problem*>(png_get_error_ptr(png));
    std::strncpy(problem.message, message, sizeof problem.message - 1);
    png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

// Runs libpng calls; false if they left by longjmp. `calls` may hold only trivial locals.
template <typename Calls>
bool guarded(png_structp png, Calls calls) {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    calls();
    return true;
}

struct Reader {
    Problem problem;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &problem, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : nullptr;

    Reader() {
        if (!info) throw std::bad_alloc();
    }
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
};

struct Writer {
    Problem problem;
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, &problem, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : nullptr;

    Writer() {
        if (!info) throw std::bad_alloc();
    }
    ~Writer() { png_destroy_write_struct(&png, &info); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
};

bool is_animated(ByteSpan file) {
    // acTL stands before the first IDAT in an animated PNG; chunk: length, type, data, CRC.
    for (std::size_t at = 8; at + 12 <= file.size();) {
        const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(file[at + i]); };
        if (std::memcmp(&file[at + 4], "acTL", 4) == 0) return true;
        if (std::memcmp(&file[at + 4], "IDAT", 4) == 0) return false;
        at += 12 + (byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3));
    }
    return false;
}

void read_colour(const Reader& reader, FileInfo& info) {
    char* profile_name = nullptr;
    int compression = 0;
    png_bytep profile = nullptr;
    png_uint_32 profile_size = 0;
    if (png_get_iCCP(reader.png, reader.info, &profile_name, &compression, &profile,
                     &profile_size)) {
        const auto* bytes = reinterpret_cast<const std::byte*>(profile);
        info.icc_profile.assign(bytes, bytes + profile_size);
        return;
    }
    int intent = 0;
    if (png_get_sRGB(reader.png, reader.info, &intent)) {
        info.png_colour.srgb_intent = intent;
        return;
    }
    png_fixed_point gamma = 0;
    if (png_get_gAMA_fixed(reader.png, reader.info, &gamma)) info.png_colour.gamma = gamma;
    std::array<png_fixed_point, 8> c{};
    if (png_get_cHRM_fixed(reader.png, reader.info, &c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6],
                           &c[7])) {
        info.png_colour.chromaticities.emplace();
        std::copy(c.begin(), c.end(), info.png_colour.chromaticities->begin());
    }
}

void write_colour(const Writer& writer, const FileInfo& info) {
    if (!info.icc_profile.empty()) {
        png_set_iCCP(writer.png, writer.info, "ICC profile", PNG_COMPRESSION_TYPE_BASE,
                     reinterpret_cast<png_const_bytep>(info.icc_profile.data()),
                     static_cast<png_uint_32>(info.icc_profile.size()));
        return;
    }
    const PngColour& colour = info.png_colour;
    if (colour.srgb_intent) png_set_sRGB(writer.png, writer.info, *colour.srgb_intent);
    if (colour.gamma) png_set_gAMA_fixed(writer.png, writer.info, *colour.gamma);
    if (colour.chromaticities) {
        const auto& c = *colour.chromaticities;
        png_set_cHRM_fixed(writer.png, writer.info, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
    }
}

Channels channels_of(int color_type) {
    switch (color_type) {
        case PNG_COLOR_TYPE_GRAY:
            return Channels::grey;
        case PNG_COLOR_TYPE_GRAY_ALPHA:
            return Channels::grey_alpha;
        case PNG_COLOR_TYPE_RGB_ALPHA:
            return Channels::rgba;
        default:
            return Channels::rgb;
    }
}

int color_type_of(Channels channels) {
    switch (channels) {
        case Channels::grey:
            return PNG_COLOR_TYPE_GRAY;
        case Channels::grey_alpha:
            return PNG_COLOR_TYPE_GRAY_ALPHA;
        case Channels::rgb:
            return PNG_COLOR_TYPE_RGB;
        case Channels::rgba:
            return PNG_COLOR_TYPE_RGB_ALPHA;
    }
    return PNG_COLOR_TYPE_RGB;
}

}  // namespace

LoadedPicture read_png(ByteSpan file, const std::string& name) {
    if (is_animated(file))
        throw Error(
            ErrorKind::input,
            name + " is an animation. Save the frame you want as a picture of its own first.");
    Input input{file};
    Reader reader;
    png_structp png = reader.png;
    const auto fail = [&] { fail_damaged(name, reader.problem.message); };
    const bool has_header = guarded(png, [&] {
        png_set_read_fn(png, &input, read_bytes);
        png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // check_size() speaks more plainly
        png_read_info(png, reader.info);
    });
    if (!has_header) fail();
    const std::size_t width = png_get_image_width(png, reader.info);
    const std::size_t height = png_get_image_height(png, reader.info);
    check_size(name, width, height);

    LoadedPicture loaded;
    loaded.info.type = FileType::png;
    read_colour(reader, loaded.info);
    const std::size_t bits_per_pixel = static_cast<std::size_t>(
        png_get_bit_depth(png, reader.info) * png_get_channels(png, reader.info));
    if (width * height / 8 * bits_per_pixel > file.size() * kBestDeflateRatio)
        fail_damaged(name, "its data is too short for the size it claims");
    png_uint_32 x_per_metre = 0, y_per_metre = 0;
    int unit = 0;
    if (png_get_pHYs(png, reader.info, &x_per_metre, &y_per_metre, &unit) &&
        unit == PNG_RESOLUTION_METER)
        loaded.info.resolution = {x_per_metre * kMetresPerInch, y_per_metre * kMetresPerInch};

    int passes = 1;
    const bool transformed = guarded(png, [&] {
        png_set_expand(png);  // palette to RGB, 1 to 4 bits to 8, tRNS to alpha
        if constexpr (std::endian::native == std::endian::little) png_set_swap(png);
        passes = png_set_interlace_handling(png);
        png_read_update_info(png, reader.info);
    });
    if (!transformed) fail();
    const Channels channels = channels_of(png_get_color_type(png, reader.info));
    const bool linear = loaded.info.png_colour.gamma == kLinearGamma;
    loaded.picture = Picture(static_cast<int>(width), static_cast<int>(height),
                             {png_get_bit_depth(png, reader.info) == 16 ? Sample::u16 : Sample::u8,
                              channels, linear ? Encoding::linear : Encoding::encoded});
    Picture& picture = loaded.picture;
    const bool has_pixels = guarded(png, [&] {
        for (int pass = 0; pass < passes; ++pass)
            for (int y = 0; y < picture.height(); ++y)
                png_read_row(png, reinterpret_cast<png_bytep>(picture.row(y)), nullptr);
        png_read_end(png, nullptr);
    });
    if (!has_pixels) fail();
    return loaded;
}

Bytes write_png(const PictureView& picture, const FileInfo& info) {
    Picture converted;
    PictureView source = picture;
    if (picture.format.sample == Sample::f32) {
        converted = with_format(picture, Sample::u16, picture.format.channels);
        source = converted.view();
    }
    Output output;
    Writer writer;
    png_structp png = writer.png;
    const bool done = guarded(png, [&] {
        png_set_write_fn(png, &output, write_bytes, flush_nothing);
        png_set_IHDR(png, writer.info, static_cast<png_uint_32>(source.width),
                     static_cast<png_uint_32>(source.height),
                     source.format.sample == Sample::u16 ? 16 : 8,
                     color_type_of(source.format.channels), PNG_INTERLACE_NONE,
                     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        write_colour(writer, info);
        if (info.resolution.x > 0 && info.resolution.y > 0)
            png_set_pHYs(png, writer.info,
                         static_cast<png_uint_32>(info.resolution.x / kMetresPerInch + 0.5),
                         static_cast<png_uint_32>(info.resolution.y / kMetresPerInch + 0.5),
                         PNG_RESOLUTION_METER);
        png_write_info(png, writer.info);
        if constexpr (std::endian::native == std::endian::little) png_set_swap(png);
        for (int y = 0; y < source.height; ++y)
            png_write_row(png, reinterpret_cast<png_const_bytep>(source.row(y)));
        png_write_end(png, writer.info);
    });
    if (output.out_of_memory) throw std::bad_alloc();
    if (!done)
        throw Error(ErrorKind::file, std::string("The picture cannot be written as PNG: ") +
                                         writer.problem.message + ".");
    return std::move(output.bytes);
}

}  // namespace lowkey::image
