// JPEG by libjpeg(-turbo) directly, for the coding of the source and for its warnings: a truncated
// file is a warning and a grey half to libjpeg, and an error to us.
#include <cstdio>
// jpeglib.h needs size_t and FILE declared first.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>
#include <cstring>

#include "image/codec.h"
#include "image/jpeg_quality.h"
#include "image/samples.h"

namespace lowkey::image {
namespace {

constexpr int kDefaultQuality = 92;
constexpr int kMaxScans = 500;  // a hostile progressive file can ask for endless passes

// libjpeg is C: it leaves by longjmp, over frames that hold nothing to destroy.
struct ErrorManager {
    jpeg_error_mgr base;
    std::jmp_buf escape;
    char message[JMSG_LENGTH_MAX];
    bool damaged;
};

ErrorManager& manager_of(j_common_ptr codec) {
    return *reinterpret_cast<ErrorManager*>(codec->err);
}

void on_error(j_common_ptr codec) {
    codec->err->format_message(codec, manager_of(codec).message);
    std::longjmp(manager_of(codec).escape, 1);
}

bool leaves_pixels_whole(int warning) {
    return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_JFIF_MAJOR ||
           warning == JWRN_ADOBE_XFORM || warning == JWRN_BOGUS_ICC;
}

void on_message(j_common_ptr codec, int level) {
    ErrorManager& manager = manager_of(codec);
    if (level >= 0 || manager.damaged || leaves_pixels_whole(codec->err->msg_code)) return;
    manager.damaged = true;
    codec->err->format_message(codec, manager.message);
}

void limit_scans(j_common_ptr codec) {
    if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= kMaxScans) return;
    std::snprintf(manager_of(codec).message, JMSG_LENGTH_MAX, "too many scans");
    std::longjmp(manager_of(codec).escape, 1);
}

void set_up(ErrorManager& manager) {
    jpeg_std_error(&manager.base);
    manager.base.error_exit = on_error;
    manager.base.emit_message = on_message;
    manager.damaged = false;
    manager.message[0] = 0;
}

// Runs libjpeg calls; false if they left by longjmp. `calls` may hold only trivial locals.
template <typename Calls>
bool guarded(ErrorManager& manager, Calls calls) {
    if (setjmp(manager.escape) != 0) return false;
    calls();
    return true;
}

struct Decoder {
    jpeg_decompress_struct codec = {};
    ErrorManager manager;
    jpeg_progress_mgr progress = {};

    Decoder() {
        set_up(manager);
        codec.err = &manager.base;
        jpeg_create_decompress(&codec);
        progress.progress_monitor = limit_scans;
        codec.progress = &progress;
    }
    ~Decoder() { jpeg_destroy_decompress(&codec); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
};

JpegCoding coding_of(const jpeg_decompress_struct& codec) {
    JpegCoding coding;
    for (int i = 0; i < codec.num_components; ++i) {
        const jpeg_component_info& component = codec.comp_info[i];
        coding.sampling.push_back({static_cast<std::uint8_t>(component.h_samp_factor),
                                   static_cast<std::uint8_t>(component.v_samp_factor)});
        // Saved when its first scan starts. A component without a scan has none, and its number of
        // a table has not been looked at by libjpeg: it may be anything.
        if (component.quant_table == nullptr) continue;
        QuantisationTable values;
        std::copy(std::begin(component.quant_table->quantval),
                  std::end(component.quant_table->quantval), values.begin());
        coding.tables.push_back(values);
    }
    if (coding.tables.size() != coding.sampling.size()) coding.tables.clear();
    return coding;
}

Resolution resolution_of(const jpeg_decompress_struct& codec) {
    const double unit = codec.density_unit == 1 ? 1 : codec.density_unit == 2 ? 2.54 : 0;
    return {codec.X_density * unit, codec.Y_density * unit};
}

void refuse_cmyk(const jpeg_decompress_struct& codec, const std::string& name) {
    if (codec.jpeg_color_space != JCS_CMYK && codec.jpeg_color_space != JCS_YCCK) return;
    throw Error(
        ErrorKind::input,
        name +
            " is a CMYK picture made for print. Convert it to RGB first: open it in GIMP or "
            "Krita and export it, or run: convert in.jpg -colorspace sRGB out.jpg");
}

struct Encoder {
    jpeg_compress_struct codec = {};
    ErrorManager manager;
    unsigned char* buffer = nullptr;  // libjpeg's own, grown by malloc
    unsigned long size = 0;

    Encoder() {
        set_up(manager);
        codec.err = &manager.base;
        jpeg_create_compress(&codec);
    }
    ~Encoder() {
        // libjpeg tells where its buffer has moved only at the end, which a fault does not reach.
        if (codec.dest != nullptr) codec.dest->term_destination(&codec);
        jpeg_destroy_compress(&codec);
        std::free(buffer);
    }
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
};

// The source's own tables, unless a person chose a quality or the source had other components.
bool reuses_coding(const FileInfo& info, int components) {
    return !info.quality && info.jpeg &&
           info.jpeg->tables.size() == static_cast<std::size_t>(components);
}

void set_tables(jpeg_compress_struct& codec, const JpegCoding& coding) {
    for (int i = 0; i < codec.num_components; ++i) {
        const auto& wanted = coding.tables[static_cast<std::size_t>(i)];
        std::array<unsigned int, 64> values;
        std::copy(wanted.begin(), wanted.end(), values.begin());
        // Scale 100: as they are. Three components fit the four table slots.
        jpeg_add_quant_table(&codec, i, values.data(), 100, FALSE);
        codec.comp_info[i].quant_tbl_no = i;
    }
}

void set_sampling(jpeg_compress_struct& codec, const FileInfo& info) {
    if (codec.num_components == 1) return;
    for (int i = 0; i < codec.num_components; ++i) {
        const int full = i == 0 && info.jpeg_subsampled ? 2 : 1;
        codec.comp_info[i].h_samp_factor = codec.comp_info[i].v_samp_factor = full;
    }
    if (!info.jpeg || info.jpeg->sampling.size() != 3) return;
    for (int i = 0; i < codec.num_components; ++i) {
        const auto& [horizontal, vertical] = info.jpeg->sampling[static_cast<std::size_t>(i)];
        codec.comp_info[i].h_samp_factor = horizontal;
        codec.comp_info[i].v_samp_factor = vertical;
    }
}

void set_resolution(jpeg_compress_struct& codec, const Resolution& resolution) {
    if (resolution.x < 1 || resolution.y < 1 || resolution.x > 65535 || resolution.y > 65535)
        return;
    codec.density_unit = 1;
    codec.X_density = static_cast<UINT16>(resolution.x + 0.5);
    codec.Y_density = static_cast<UINT16>(resolution.y + 0.5);
}

}  // namespace

LoadedPicture read_jpeg(ByteSpan file, const std::string& name) {
    Decoder decoder;
    jpeg_decompress_struct& codec = decoder.codec;
    const auto fail = [&] { fail_damaged(name, decoder.manager.message); };
    const bool has_header = guarded(decoder.manager, [&] {
        // Older libjpeg-turbo takes the bytes as non-const, and only reads them.
        jpeg_mem_src(
            &codec, const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(file.data())),
            static_cast<unsigned long>(file.size()));
        jpeg_save_markers(&codec, JPEG_APP0 + 2, 0xFFFF);
        jpeg_read_header(&codec, TRUE);
    });
    if (!has_header) fail();
    refuse_cmyk(codec, name);
    check_size(name, codec.image_width, codec.image_height);

    const bool grey = codec.jpeg_color_space == JCS_GRAYSCALE;
    codec.out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    codec.dct_method = JDCT_FLOAT;  // as GIMP decodes, so that a photo has the same pixels in both
    LoadedPicture loaded;
    loaded.info.type = FileType::jpeg;
    loaded.info.lossless = false;
    loaded.info.resolution = resolution_of(codec);
    JOCTET* profile = nullptr;
    unsigned int profile_size = 0;
    if (guarded(decoder.manager, [&] { jpeg_read_icc_profile(&codec, &profile, &profile_size); }) &&
        profile) {
        const auto* bytes = reinterpret_cast<const std::byte*>(profile);
        loaded.info.icc_profile.assign(bytes, bytes + profile_size);
        std::free(profile);
    }

    loaded.picture =
        Picture(static_cast<int>(codec.image_width), static_cast<int>(codec.image_height),
                {Sample::u8, grey ? Channels::grey : Channels::rgb, Encoding::encoded});
    Picture& picture = loaded.picture;
    const bool has_pixels = guarded(decoder.manager, [&] {
        jpeg_start_decompress(&codec);
        while (codec.output_scanline < codec.output_height && !decoder.manager.damaged) {
            JSAMPROW row =
                reinterpret_cast<JSAMPROW>(picture.row(static_cast<int>(codec.output_scanline)));
            jpeg_read_scanlines(&codec, &row, 1);
        }
    });
    if (!has_pixels || decoder.manager.damaged) fail();
    // Before the end: finishing frees the tables that the components point to.
    JpegCoding coding = coding_of(codec);
    const bool finished = guarded(decoder.manager, [&] { jpeg_finish_decompress(&codec); });
    if (!finished || decoder.manager.damaged) fail();
    if (!coding.tables.empty()) loaded.info.jpeg_quality = estimate_jpeg_quality(coding.tables);
    loaded.info.jpeg_progressive = codec.progressive_mode != 0;
    loaded.info.jpeg_subsampled =
        coding.sampling.size() == 3 && coding.sampling[0] != coding.sampling[1];
    loaded.info.jpeg = std::move(coding);
    return loaded;
}

void check_jpeg(const PictureView& picture) {
    if (has_alpha(picture.format.channels))
        throw Error(
            ErrorKind::input,
            "JPEG cannot hold transparency. Choose a PNG, TIFF or WebP file as the output.");
    if (picture.width > JPEG_MAX_DIMENSION || picture.height > JPEG_MAX_DIMENSION)
        throw Error(ErrorKind::input,
                    "JPEG holds at most 65500 pixels a side. Choose a PNG or TIFF file "
                    "as the output, or scale the picture down.");
}

Bytes write_jpeg(const PictureView& picture, const FileInfo& info) {
    check_jpeg(picture);
    Picture converted;
    PictureView source = picture;
    if (picture.format.sample != Sample::u8) {
        converted = with_format(picture, Sample::u8, picture.format.channels);
        source = converted.view();
    }

    Encoder encoder;
    jpeg_compress_struct& codec = encoder.codec;
    const int components = channel_count(source.format.channels);
    const int quality = info.quality.value_or(info.jpeg_quality.value_or(kDefaultQuality));
    const bool done = guarded(encoder.manager, [&] {
        jpeg_mem_dest(&codec, &encoder.buffer, &encoder.size);
        codec.image_width = static_cast<JDIMENSION>(source.width);
        codec.image_height = static_cast<JDIMENSION>(source.height);
        codec.input_components = components;
        codec.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
        jpeg_set_defaults(&codec);
        codec.dct_method = JDCT_ISLOW;
        codec.optimize_coding = TRUE;
        jpeg_set_quality(&codec, quality, TRUE);
        if (reuses_coding(info, components)) set_tables(codec, *info.jpeg);
        set_sampling(codec, info);
        set_resolution(codec, info.resolution);
        if (info.jpeg_progressive) jpeg_simple_progression(&codec);
        jpeg_start_compress(&codec, TRUE);
        if (!info.icc_profile.empty())
            jpeg_write_icc_profile(&codec, reinterpret_cast<const JOCTET*>(info.icc_profile.data()),
                                   static_cast<unsigned int>(info.icc_profile.size()));
        while (codec.next_scanline < codec.image_height) {
            auto* row = const_cast<std::byte*>(source.row(static_cast<int>(codec.next_scanline)));
            JSAMPROW samples = reinterpret_cast<JSAMPROW>(row);
            jpeg_write_scanlines(&codec, &samples, 1);
        }
        jpeg_finish_compress(&codec);
    });
    if (!done)
        throw Error(ErrorKind::file, std::string("The picture cannot be written as JPEG: ") +
                                         encoder.manager.message + ".");
    const auto* bytes = reinterpret_cast<const std::byte*>(encoder.buffer);
    return {bytes, bytes + encoder.size};
}

}  // namespace lowkey::image
