#include "pixels.h"

#include <KoColorConversionTransformation.h>
#include <KoColorModelStandardIds.h>
#include <KoColorProfile.h>
#include <KoColorSpaceRegistry.h>
#include <kis_default_bounds_base.h>
#include <klocalizedstring.h>
#include <xxhash.h>

#include <QFont>
#include <QImage>
#include <QPainter>
#include <algorithm>
#include <cstring>
#include <memory>

namespace lowkey::krita {

namespace {

constexpr int kStripRows = 64;  // the height of Krita's tiles

const KoColorSpace* float_rgb() {
    KoColorSpaceRegistry* registry = KoColorSpaceRegistry::instance();
    return registry->colorSpace(RGBAColorModelID.id(), Float32BitsColorDepthID.id(),
                                registry->p709SRGBProfile());
}

void convert(const KoColorSpace& from, const quint8* source, const KoColorSpace& to, quint8* target,
             int pixels) {
    from.convertPixelsTo(source, target, &to, static_cast<quint32>(pixels),
                         KoColorConversionTransformation::internalRenderingIntent(),
                         KoColorConversionTransformation::internalConversionFlags());
}

// Calls visit(rows' native bytes, strip) for the rectangle in strips that follow the tiles.
template <class Visit>
void for_strips(const KisPaintDevice& device, const QRect& rect, Visit visit) {
    std::vector<quint8> bytes;
    for (int y = rect.top(); y <= rect.bottom();) {
        const int tile_end =
            (y >= 0 ? y / kStripRows : (y + 1) / kStripRows - 1) * kStripRows + kStripRows;
        const QRect strip(rect.left(), y, rect.width(), std::min(tile_end, rect.bottom() + 1) - y);
        bytes.resize(static_cast<std::size_t>(strip.width()) * strip.height() * device.pixelSize());
        device.readBytes(bytes.data(), strip);
        if (!visit(bytes.data(), strip)) return;
        y = strip.bottom() + 1;
    }
}

template <class T>
bool opaque_row(const quint8* native, int pixels, int channels, T full) {
    T alpha;
    for (int i = 0; i < pixels; ++i) {
        std::memcpy(&alpha,
                    native + (static_cast<std::size_t>(i) * channels + channels - 1) * sizeof(T),
                    sizeof(T));
        if (alpha != full) return false;
    }
    return true;
}

// One row between Krita's samples (always with alpha, 8 and 16 bits as BGR) and the picture's.
template <class T>
void copy_samples(const quint8* native, int native_channels, bool swapped, std::byte* row,
                  int row_channels, int pixels) {
    for (int i = 0; i < pixels; ++i) {
        const quint8* from = native + static_cast<std::size_t>(i) * native_channels * sizeof(T);
        std::byte* to = row + static_cast<std::size_t>(i) * row_channels * sizeof(T);
        for (int channel = 0; channel < row_channels; ++channel) {
            const int source = swapped && channel < 3 ? 2 - channel : channel;
            std::memcpy(to + channel * sizeof(T), from + source * sizeof(T), sizeof(T));
        }
    }
}

template <class T>
void put_colours(const std::byte* row, int colours, bool swapped, quint8* native) {
    for (int channel = 0; channel < colours; ++channel) {
        const int target = swapped ? 2 - channel : channel;
        std::memcpy(native + target * sizeof(T), row + channel * sizeof(T), sizeof(T));
    }
}

Channels without_alpha(Channels channels) {
    return channels == Channels::rgba ? Channels::rgb : Channels::grey;
}

}  // namespace

Content::Layout Content::layout_of(const KoColorSpace& space) {
    Layout layout;
    const QString model = space.colorModelId().id(), depth = space.colorDepthId().id();
    const bool rgb = model == RGBAColorModelID.id(), grey = model == GrayAColorModelID.id();
    const bool u8 = depth == Integer8BitsColorDepthID.id(),
               u16 = depth == Integer16BitsColorDepthID.id();
    const bool f32 = depth == Float32BitsColorDepthID.id();
    if ((!rgb && !grey) || (!u8 && !u16 && !f32)) {
        layout.converted = true;
        layout.format = {Sample::f32, Channels::rgba, Encoding::encoded};
        return layout;
    }
    const KoColorProfile* profile = space.profile();
    layout.format.sample = u8 ? Sample::u8 : u16 ? Sample::u16 : Sample::f32;
    layout.format.channels = rgb ? Channels::rgba : Channels::grey_alpha;
    layout.format.encoding = profile && profile->isLinear() ? Encoding::linear : Encoding::encoded;
    layout.swapped = rgb && !f32;
    return layout;
}

Content::Content(KisPaintDeviceSP device)
    : device_(device), space_(device->colorSpace()), layout_(layout_of(*space_)) {
    area_ = device->exactBounds() & device->defaultBounds()->bounds();
}

bool Content::holds_colour() const {
    return space_->colorModelId().id() != AlphaColorModelID.id();
}

Hash Content::hash(const QRect& rect) const {
    const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                                XXH3_freeState);
    XXH3_128bits_reset(state.get());
    const int place[] = {rect.x(), rect.y(), rect.width(), rect.height()};
    XXH3_128bits_update(state.get(), place, sizeof place);
    const QByteArray space =
        (space_->id() + '\n' + (space_->profile() ? space_->profile()->name() : QString()))
            .toUtf8();
    XXH3_128bits_update(state.get(), space.constData(), static_cast<std::size_t>(space.size()));
    for_strips(*device_, rect, [&](const quint8* bytes, const QRect& strip) {
        XXH3_128bits_update(
            state.get(), bytes,
            static_cast<std::size_t>(strip.width()) * strip.height() * device_->pixelSize());
        return true;
    });
    const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
    return {hash.low64, hash.high64};
}

bool Content::opaque() const {
    if (layout_.converted) return false;
    const int channels = channel_count(layout_.format.channels);
    bool opaque = true;
    for_strips(*device_, area_, [&](const quint8* bytes, const QRect& strip) {
        const int pixels = strip.width() * strip.height();
        switch (layout_.format.sample) {
            case Sample::u8:
                opaque = opaque_row<quint8>(bytes, pixels, channels, 255);
                break;
            case Sample::u16:
                opaque = opaque_row<quint16>(bytes, pixels, channels, 65535);
                break;
            case Sample::f32:
                opaque = opaque_row<float>(bytes, pixels, channels, 1.0F);
                break;
        }
        return opaque;
    });
    return opaque;
}

Picture Content::picture() const {
    PixelFormat format = layout_.format;
    if (opaque()) format.channels = without_alpha(format.channels);
    Picture picture(area_.width(), area_.height(), format);
    for_strips(*device_, area_, [&](const quint8* bytes, const QRect& strip) {
        for (int row = 0; row < strip.height(); ++row)
            to_picture(bytes + static_cast<std::size_t>(row) * strip.width() * device_->pixelSize(),
                       picture.row(strip.top() + row - area_.top()), strip.width(), format);
        return true;
    });
    return picture;
}

void Content::to_picture(const quint8* native, std::byte* row, int pixels,
                         PixelFormat format) const {
    if (layout_.converted) {
        convert(*space_, native, *float_rgb(), reinterpret_cast<quint8*>(row), pixels);
        return;
    }
    const int native_channels = channel_count(layout_.format.channels);
    const int row_channels = channel_count(format.channels);
    switch (format.sample) {
        case Sample::u8:
            return copy_samples<quint8>(native, native_channels, layout_.swapped, row, row_channels,
                                        pixels);
        case Sample::u16:
            return copy_samples<quint16>(native, native_channels, layout_.swapped, row,
                                         row_channels, pixels);
        case Sample::f32:
            return copy_samples<float>(native, native_channels, layout_.swapped, row, row_channels,
                                       pixels);
    }
}

void Content::to_native(const std::byte* before, const std::byte* after, quint8* native, int pixels,
                        PixelFormat format) const {
    const std::size_t step = bytes_per_pixel(format);
    const std::size_t native_step = static_cast<std::size_t>(device_->pixelSize());
    std::vector<quint8> converted;
    if (layout_.converted) {
        converted.resize(static_cast<std::size_t>(pixels) * native_step);
        convert(*float_rgb(), reinterpret_cast<const quint8*>(after), *space_, converted.data(),
                pixels);
    }
    const int colours = color_channel_count(format.channels);
    for (int i = 0; i < pixels; ++i, before += step, after += step, native += native_step) {
        if (std::memcmp(before, after, step) == 0) continue;
        if (layout_.converted)
            std::memcpy(native, converted.data() + static_cast<std::size_t>(i) * native_step,
                        native_step);
        else if (format.sample == Sample::u8)
            put_colours<quint8>(after, colours, layout_.swapped, native);
        else if (format.sample == Sample::u16)
            put_colours<quint16>(after, colours, layout_.swapped, native);
        else
            put_colours<float>(after, colours, layout_.swapped, native);
    }
}

std::vector<NativePatch> Content::native(const Picture& before,
                                         const std::vector<Patch>& patches) const {
    std::vector<NativePatch> result;
    const PixelFormat format = before.format();
    for (const Patch& patch : patches) {
        const Rect& rect = patch.rect;
        NativePatch native;
        native.rect = QRect(rect.x + area_.x(), rect.y + area_.y(), rect.width, rect.height);
        const std::size_t native_stride =
            static_cast<std::size_t>(rect.width) * device_->pixelSize();
        const std::size_t stride = static_cast<std::size_t>(rect.width) * bytes_per_pixel(format);
        native.bytes.resize(native_stride * rect.height);
        device_->readBytes(native.bytes.data(), native.rect);
        for (int row = 0; row < rect.height; ++row)
            to_native(before.row(rect.y + row) +
                          static_cast<std::size_t>(rect.x) * bytes_per_pixel(format),
                      patch.pixels.data() + stride * row, native.bytes.data() + native_stride * row,
                      rect.width, format);
        result.push_back(std::move(native));
    }
    return result;
}

QString name_of(const Hash& hash) {
    return QString::number(hash[0], 16) + '-' + QString::number(hash[1], 16);
}

void paste(const std::vector<NativePatch>& patches, KisPaintDevice& device, const QRect& inside) {
    const std::size_t pixel = static_cast<std::size_t>(device.pixelSize());
    for (const NativePatch& patch : patches) {
        const QRect part = patch.rect & inside;
        if (part.isEmpty()) continue;
        if (part == patch.rect) {
            device.writeBytes(patch.bytes.data(), part);
            continue;
        }
        std::vector<quint8> bytes(static_cast<std::size_t>(part.width()) * part.height() * pixel);
        for (int row = 0; row < part.height(); ++row) {
            const std::size_t from =
                (static_cast<std::size_t>(part.y() + row - patch.rect.y()) * patch.rect.width() +
                 (part.x() - patch.rect.x())) *
                pixel;
            std::memcpy(bytes.data() + static_cast<std::size_t>(row) * part.width() * pixel,
                        patch.bytes.data() + from, static_cast<std::size_t>(part.width()) * pixel);
        }
        device.writeBytes(bytes.data(), part);
    }
}

namespace {

// The words stand in the pattern itself: an exported file has nothing else to say it with.
QImage make_pattern() {
    QImage tile(480, 240, QImage::Format_RGB32);
    tile.fill(QColor(90, 90, 90));
    QPainter painter(&tile);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(QColor(150, 150, 150), 20));
    for (int x = -240; x < 480; x += 60) painter.drawLine(x, 240, x + 240, 0);
    QFont font = painter.font();
    font.setPixelSize(26);
    font.setBold(true);
    painter.setFont(font);
    const QString words = i18n("LowKey could not run:\nnot protected");
    painter.setPen(Qt::black);
    painter.drawText(tile.rect().translated(2, 2), Qt::AlignCenter, words);
    painter.setPen(Qt::white);
    painter.drawText(tile.rect(), Qt::AlignCenter, words);
    return tile;
}

}  // namespace

void cover(KisPaintDevice& device, const QRect& rect) {
    static const QImage pattern = make_pattern();
    const int rows = pattern.height();
    for (int y = rect.top(); y <= rect.bottom(); y += rows) {
        QImage strip(rect.width(), std::min(rows, rect.bottom() + 1 - y), QImage::Format_ARGB32);
        QPainter painter(&strip);
        // Placed by the image's coordinates, so that patches of one update join without seams.
        painter.setBrushOrigin(-(rect.left() % pattern.width()), -(y % rows));
        painter.fillRect(strip.rect(), QBrush(pattern));
        painter.end();
        device.convertFromQImage(strip, nullptr, rect.left(), y);
    }
}

}  // namespace lowkey::krita
