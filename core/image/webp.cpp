#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <cstring>
#include <memory>

#include "image/codec.h"
#include "image/samples.h"

namespace lowkey::image {
namespace {

// A lossy WebP does not say with what quality it was made.
constexpr int kDefaultQuality = 92;

using Mux = std::unique_ptr<WebPMux, decltype([](WebPMux* mux) { WebPMuxDelete(mux); })>;

Bytes read_profile(ByteSpan file) {
    const WebPData data{reinterpret_cast<const std::uint8_t*>(file.data()), file.size()};
    const Mux mux(WebPMuxCreate(&data, 0));
    WebPData profile{};
    if (!mux || WebPMuxGetChunk(mux.get(), "ICCP", &profile) != WEBP_MUX_OK) return {};
    const auto* bytes = reinterpret_cast<const std::byte*>(profile.bytes);
    return {bytes, bytes + profile.size};
}

Bytes with_profile(const WebPMemoryWriter& coded, const Bytes& profile) {
    const auto* bytes = reinterpret_cast<const std::byte*>(coded.mem);
    if (profile.empty()) return {bytes, bytes + coded.size};
    const Mux mux(WebPMuxNew());
    const WebPData image{coded.mem, coded.size};
    const WebPData icc{reinterpret_cast<const std::uint8_t*>(profile.data()), profile.size()};
    WebPData file{};
    if (!mux || WebPMuxSetImage(mux.get(), &image, 0) != WEBP_MUX_OK ||
        WebPMuxSetChunk(mux.get(), "ICCP", &icc, 0) != WEBP_MUX_OK ||
        WebPMuxAssemble(mux.get(), &file) != WEBP_MUX_OK)
        throw std::bad_alloc();
    const auto* start = reinterpret_cast<const std::byte*>(file.bytes);
    Bytes result(start, start + file.size);
    WebPDataClear(&file);
    return result;
}

// Frees what the encoder holds, whichever way it ends.
struct Encoder {
    WebPPicture picture;
    WebPMemoryWriter writer;
    Encoder() {
        WebPPictureInit(&picture);
        WebPMemoryWriterInit(&writer);
        picture.writer = WebPMemoryWrite;
        picture.custom_ptr = &writer;
    }
    ~Encoder() {
        WebPPictureFree(&picture);
        WebPMemoryWriterClear(&writer);
    }
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
};

}  // namespace

LoadedPicture read_webp(ByteSpan file, const std::string& name) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(file.data());
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(data, file.size(), &features) != VP8_STATUS_OK)
        fail_damaged(name, "its WebP header cannot be read");
    if (features.has_animation)
        throw Error(
            ErrorKind::input,
            name + " is an animation. Save the frame you want as a picture of its own first.");
    check_size(name, static_cast<std::size_t>(features.width),
               static_cast<std::size_t>(features.height));

    LoadedPicture loaded;
    loaded.info.type = FileType::webp;
    loaded.info.lossless = features.format == 2;
    loaded.info.icc_profile = read_profile(file);
    loaded.picture = Picture(
        features.width, features.height,
        {Sample::u8, features.has_alpha ? Channels::rgba : Channels::rgb, Encoding::encoded});
    Picture& picture = loaded.picture;
    auto* pixels = reinterpret_cast<std::uint8_t*>(picture.row(0));
    const auto decode = features.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
    if (!decode(data, file.size(), pixels, picture.size_bytes(),
                static_cast<int>(picture.stride())))
        fail_damaged(name, "its WebP data cannot be decoded");
    return loaded;
}

void check_webp(const PictureView& picture) {
    if (picture.width > WEBP_MAX_DIMENSION || picture.height > WEBP_MAX_DIMENSION)
        throw Error(ErrorKind::input,
                    "WebP holds at most 16383 pixels a side. Choose a PNG, TIFF or JPEG "
                    "file as the output, or scale the picture down.");
}

Bytes write_webp(const PictureView& picture, const FileInfo& info) {
    check_webp(picture);
    // WebP has neither grey nor more than 8 bits.
    const Channels channels = has_alpha(picture.format.channels) ? Channels::rgba : Channels::rgb;
    const Picture source = with_format(picture, Sample::u8, channels);

    WebPConfig config;
    WebPConfigInit(&config);
    const bool lossless = info.lossless && !info.quality;
    if (lossless) {
        WebPConfigLosslessPreset(&config, 6);
        config.exact = 1;  // colours under full transparency count as pixels too
    } else {
        config.quality =
            static_cast<float>(info.quality.value_or(info.jpeg_quality.value_or(kDefaultQuality)));
    }
    Encoder encoder;
    encoder.picture.use_argb = lossless ? 1 : 0;
    encoder.picture.width = source.width();
    encoder.picture.height = source.height();
    const auto import = channels == Channels::rgba ? WebPPictureImportRGBA : WebPPictureImportRGB;
    if (!import(&encoder.picture, reinterpret_cast<const std::uint8_t*>(source.row(0)),
                static_cast<int>(source.stride())))
        throw std::bad_alloc();
    if (!WebPEncode(&config, &encoder.picture)) {
        if (encoder.picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY) throw std::bad_alloc();
        throw Error(ErrorKind::file, "The picture cannot be written as WebP (libwebp error " +
                                         std::to_string(encoder.picture.error_code) + ").");
    }
    return with_profile(encoder.writer, info.icc_profile);
}

}  // namespace lowkey::image
