#include "image/codec.h"
#include "image/tiff_file.h"

namespace lowkey::image {
namespace {

constexpr std::size_t kClassicLimit = std::size_t{4'000'000'000};  // of 2^32, with room for tags
constexpr std::size_t kStripBytes = 1 << 18;

// The source's compression where it is lossless and common; else Deflate.
std::uint16_t compression_for(int source) {
    switch (source) {
        case COMPRESSION_NONE:
        case COMPRESSION_LZW:
        case COMPRESSION_PACKBITS:
            return static_cast<std::uint16_t>(source);
        default:
            return COMPRESSION_ADOBE_DEFLATE;
    }
}

int bits_of(Sample sample) {
    return sample == Sample::u8 ? 8 : sample == Sample::u16 ? 16 : 32;
}

void set_tags(TIFF* tiff, const PictureView& picture, const FileInfo& info) {
    const Channels channels = picture.format.channels;
    const bool is_float = picture.format.sample == Sample::f32;
    const std::uint16_t compression = compression_for(info.tiff_compression);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(picture.width));
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(picture.height));
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits_of(picture.format.sample));
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, channel_count(channels));
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, is_float ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                 color_channel_count(channels) == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    if (has_alpha(channels)) {
        const std::uint16_t kind =
            info.tiff_alpha_unnamed ? EXTRASAMPLE_UNSPECIFIED : EXTRASAMPLE_UNASSALPHA;
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
    if (compression == COMPRESSION_LZW || compression == COMPRESSION_ADOBE_DEFLATE)
        TIFFSetField(tiff, TIFFTAG_PREDICTOR,
                     is_float ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
    const std::size_t row =
        static_cast<std::size_t>(picture.width) * bytes_per_pixel(picture.format);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP,
                 static_cast<std::uint32_t>(std::max<std::size_t>(1, kStripBytes / row)));
    if (info.resolution.x > 0 && info.resolution.y > 0) {
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, info.resolution.x);
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, info.resolution.y);
    }
    if (!info.icc_profile.empty())
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(info.icc_profile.size()),
                     info.icc_profile.data());
}

}  // namespace

Bytes write_tiff(const PictureView& picture, const FileInfo& info) {
    const std::size_t row_bytes =
        static_cast<std::size_t>(picture.width) * bytes_per_pixel(picture.format);
    Bytes output;
    TiffFile file(output, row_bytes * static_cast<std::size_t>(picture.height) > kClassicLimit);
    const auto fail = [&] {
        throw Error(ErrorKind::file,
                    "The picture cannot be written as TIFF: " + file.problem() + ".");
    };
    if (!file.get()) fail();
    set_tags(file.get(), picture, info);
    Bytes row(row_bytes);  // libtiff's predictor works in place
    for (int y = 0; y < picture.height; ++y) {
        std::copy(picture.row(y), picture.row(y) + row_bytes, row.begin());
        if (TIFFWriteScanline(file.get(), row.data(), static_cast<std::uint32_t>(y), 0) < 0) fail();
    }
    if (!TIFFFlush(file.get())) fail();
    file.close();
    if (!file.problem().empty()) fail();
    return output;
}

}  // namespace lowkey::image
