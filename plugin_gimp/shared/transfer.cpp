#include "shared/transfer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "lowkey/error.h"
#include "shared/messages.h"

namespace lowkey::gimp {
namespace {

// Rows handled at once: enough to make GEGL's tile access cheap, little enough to cost no memory.
constexpr int kBand = 64;

bool display_encoded(std::string_view encoding) {
    return encoding.find_first_of("'~") != std::string_view::npos;
}

}  // namespace

Form form_of(const Babl* layer_format) {
    if (babl_format_is_palette(layer_format)) throw Error(ErrorKind::input, indexed_layer());
    const Babl* space = babl_format_get_space(layer_format);
    const std::string encoding = babl_format_get_encoding(layer_format);
    const std::string type = encoding.substr(encoding.find(' ') + 1);
    const bool alpha = babl_format_has_alpha(layer_format);
    const bool grey = babl_format_get_n_components(layer_format) - (alpha ? 1 : 0) == 1;

    Form form;
    form.format.channels = grey ? (alpha ? Channels::grey_alpha : Channels::grey)
                                : (alpha ? Channels::rgba : Channels::rgb);
    const bool as_is =
        display_encoded(encoding) && (type == "u8" || type == "u16" || type == "float");
    if (as_is) {
        form.format.sample = type == "u8" ? Sample::u8 : type == "u16" ? Sample::u16 : Sample::f32;
        form.babl = layer_format;
    } else {
        // Keep the layer's own display curve where it has one ("~" is sRGB's, "'" the profile's).
        const bool srgb_curve = encoding.find('~') != std::string::npos;
        const char* names[] = {"Y' float", "Y'A float", "R'G'B' float", "R'G'B'A float",
                               "Y~ float", "Y~A float", "R~G~B~ float", "R~G~B~A float"};
        const int name = (srgb_curve ? 4 : 0) + (grey ? 0 : 2) + (alpha ? 1 : 0);
        form.format.sample = Sample::f32;
        form.babl = babl_format_with_space(names[name], space);
    }
    return form;
}

Picture read(GeglBuffer* layer, const Form& form) {
    const GeglRectangle* extent = gegl_buffer_get_extent(layer);
    Picture picture(extent->width, extent->height, form.format);
    gegl_buffer_get(layer, extent, 1.0, form.babl, picture.row(0),
                    static_cast<int>(picture.stride()), GEGL_ABYSS_NONE);
    return picture;
}

Rect write_changes(GeglBuffer* layer, const Form& form, const PictureView& before,
                   const PictureView& after) {
    const Babl* native = gegl_buffer_get_format(layer);
    const Babl* fish = babl_fish(form.babl, native);
    const GeglRectangle extent = *gegl_buffer_get_extent(layer);
    const std::size_t native_pixel =
        static_cast<std::size_t>(babl_format_get_bytes_per_pixel(native));
    const std::size_t pixel = bytes_per_pixel(after.format);
    const std::size_t width = static_cast<std::size_t>(after.width);
    if (extent.width != before.width || extent.height != before.height)
        throw Error(ErrorKind::input, layer_changed());
    std::vector<std::byte> kept(width * kBand * native_pixel), made(width * native_pixel);
    std::vector<std::byte> now(width * kBand * pixel);

    int left = after.width, right = 0, top = after.height, bottom = 0;
    for (int y0 = 0; y0 < after.height; y0 += kBand) {
        const int rows = std::min(kBand, after.height - y0);
        bool differs = false;
        for (int y = y0; y < y0 + rows && !differs; ++y) {
            differs = std::memcmp(before.row(y), after.row(y), width * pixel) != 0;
        }
        if (!differs) continue;
        const GeglRectangle band = {extent.x, extent.y + y0, after.width, rows};
        const int native_stride = static_cast<int>(width * native_pixel);
        gegl_buffer_get(layer, &band, 1.0, native, kept.data(), native_stride, GEGL_ABYSS_NONE);
        gegl_buffer_get(layer, &band, 1.0, form.babl, now.data(), static_cast<int>(width * pixel),
                        GEGL_ABYSS_NONE);
        for (int y = y0; y < y0 + rows; ++y) {
            const std::byte* now_row =
                now.data() + static_cast<std::size_t>(y - y0) * width * pixel;
            const std::byte* old_row = before.row(y);
            const std::byte* new_row = after.row(y);
            if (std::memcmp(old_row, new_row, width * pixel) == 0) continue;
            babl_process(fish, new_row, made.data(), after.width);
            std::byte* target =
                kept.data() + static_cast<std::size_t>(y - y0) * width * native_pixel;
            for (int x = 0; x < after.width; ++x) {
                const std::size_t at = static_cast<std::size_t>(x);
                if (std::memcmp(old_row + at * pixel, new_row + at * pixel, pixel) == 0) continue;
                if (std::memcmp(old_row + at * pixel, now_row + at * pixel, pixel) != 0)
                    throw Error(ErrorKind::input, layer_changed());
                std::memcpy(target + at * native_pixel, made.data() + at * native_pixel,
                            native_pixel);
                left = std::min(left, x);
                right = std::max(right, x + 1);
                top = std::min(top, y);
                bottom = std::max(bottom, y + 1);
            }
        }
        gegl_buffer_set(layer, &band, 0, native, kept.data(), native_stride);
    }
    return left < right ? Rect{left, top, right - left, bottom - top} : Rect{};
}

bool Selection::holds(int x, int y) const {
    if (everything()) return true;
    return x >= 0 && y >= 0 && x < width && y < height &&
           coverage[static_cast<std::size_t>(y) * width + x] != 0;
}

MaskView Selection::view() const {
    if (everything()) return {};
    return {coverage.data(), width, height, static_cast<std::size_t>(width)};
}

Selection read_selection(GeglBuffer* mask, int offset_x, int offset_y, int width, int height) {
    Selection selection;
    selection.width = width;
    selection.height = height;
    selection.coverage.resize(static_cast<std::size_t>(width) * height);
    const GeglRectangle area = {offset_x, offset_y, width, height};
    gegl_buffer_get(mask, &area, 1.0, babl_format("Y u8"), selection.coverage.data(), width,
                    GEGL_ABYSS_NONE);
    // Everything selected is as good as no selection: it points at no face.
    if (std::ranges::all_of(selection.coverage, [](std::uint8_t c) { return c == 255; })) {
        selection.coverage.clear();
        return selection;
    }
    int left = width, right = 0, top = height, bottom = 0;
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* row = selection.coverage.data() + static_cast<std::size_t>(y) * width;
        for (int x = 0; x < width; ++x) {
            if (row[x] == 0) continue;
            left = std::min(left, x);
            right = std::max(right, x + 1);
            top = std::min(top, y);
            bottom = y + 1;
        }
    }
    if (left < right) selection.bounds = {left, top, right - left, bottom - top};
    return selection;
}

}  // namespace lowkey::gimp
