#include "shared/drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>

#include "shared/messages.h"

namespace lowkey::gimp {
namespace {

double sample(const std::byte* pixel, int channel, Sample type) {
    if (type == Sample::u8) return std::to_integer<int>(pixel[channel]) / 255.0;
    if (type == Sample::u16) {
        std::uint16_t value = 0;
        std::memcpy(&value, pixel + channel * 2, 2);
        return value / 65535.0;
    }
    float value = 0;
    std::memcpy(&value, pixel + channel * 4, 4);
    return std::isfinite(value) ? std::clamp(value, 0.0F, 1.0F) : 0.0;
}

// Red, green, blue over mid-grey where the picture is see-through.
std::array<double, 3> shown(const std::byte* pixel, PixelFormat format) {
    const int colors = color_channel_count(format.channels);
    const double alpha = has_alpha(format.channels) ? sample(pixel, colors, format.sample) : 1.0;
    std::array<double, 3> rgb{};
    for (int c = 0; c < 3; ++c) {
        const double value = sample(pixel, colors == 1 ? 0 : c, format.sample);
        rgb[static_cast<std::size_t>(c)] = value * alpha + 0.5 * (1 - alpha);
    }
    return rgb;
}

void label(cairo_t* cairo, const char* text, double x, double y) {
    cairo_text_extents_t size;
    cairo_text_extents(cairo, text, &size);
    cairo_set_source_rgba(cairo, 0, 0, 0, .6);
    cairo_rectangle(cairo, x - 4, y - size.height - 4, size.width + 8, size.height + 8);
    cairo_fill(cairo);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_move_to(cairo, x, y);
    cairo_show_text(cairo, text);
}

// A dark line under a bright one is seen on any picture.
void outline(cairo_t* cairo, double red, double green, double blue, double width) {
    cairo_set_source_rgba(cairo, 0, 0, 0, .7);
    cairo_set_line_width(cairo, width + 2);
    cairo_stroke_preserve(cairo);
    cairo_set_source_rgb(cairo, red, green, blue);
    cairo_set_line_width(cairo, width);
    cairo_stroke(cairo);
}

void paint_picture(cairo_t* cairo, cairo_surface_t* picture, double zoom, double x, double y) {
    cairo_save(cairo);
    cairo_translate(cairo, x, y);
    cairo_scale(cairo, zoom, zoom);
    cairo_set_source_surface(cairo, picture, 0, 0);
    // Enlarged pixels stay sharp: the person looks for what changed in them.
    cairo_pattern_set_filter(cairo_get_source(cairo),
                             zoom >= 2 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_paint(cairo);
    cairo_restore(cairo);
}

}  // namespace

Surface to_surface(const PictureView& picture, const Rect& part, int longest) {
    const int side = std::max(part.width, part.height);
    const double step = side > longest ? static_cast<double>(side) / longest : 1.0;
    const int width = std::max(1, static_cast<int>(part.width / step));
    const int height = std::max(1, static_cast<int>(part.height / step));
    Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
    if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();
    unsigned char* data = cairo_image_surface_get_data(surface.get());
    const int stride = cairo_image_surface_get_stride(surface.get());
    const std::size_t pixel = bytes_per_pixel(picture.format);
    for (int y = 0; y < height; ++y) {
        const int y0 = part.y + static_cast<int>(y * step);
        const int y1 =
            std::clamp(part.y + static_cast<int>((y + 1) * step), y0 + 1, picture.height);
        for (int x = 0; x < width; ++x) {
            const int x0 = part.x + static_cast<int>(x * step);
            const int x1 =
                std::clamp(part.x + static_cast<int>((x + 1) * step), x0 + 1, picture.width);
            std::array<double, 3> sum{};
            for (int v = y0; v < y1; ++v) {
                for (int u = x0; u < x1; ++u) {
                    const auto rgb =
                        shown(picture.row(v) + static_cast<std::size_t>(u) * pixel, picture.format);
                    for (std::size_t c = 0; c < 3; ++c) sum[c] += rgb[c];
                }
            }
            const double scale = 255.0 / ((y1 - y0) * (x1 - x0));
            const auto level = [&](std::size_t c) {
                return static_cast<std::uint32_t>(std::lround(sum[c] * scale));
            };
            const std::uint32_t packed = level(0) << 16 | level(1) << 8 | level(2);
            std::memcpy(data + static_cast<std::ptrdiff_t>(y) * stride + x * 4, &packed, 4);
        }
    }
    cairo_surface_mark_dirty(surface.get());
    return surface;
}

void draw_faces(cairo_t* cairo, cairo_surface_t* layer, int layer_width, int area_width,
                int area_height, const std::vector<FaceBox>& boxes,
                std::optional<std::size_t> previewed) {
    const int width = cairo_image_surface_get_width(layer);
    const int height = cairo_image_surface_get_height(layer);
    const Fit placed = fit(width, height, area_width, area_height);
    paint_picture(cairo, layer, placed.scale, placed.x, placed.y);
    const double scale = placed.scale * width / layer_width;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const Face& face = boxes[i].candidate.face;
        const double x = placed.x + scale * face.x, y = placed.y + scale * face.y;
        const double w = scale * face.width, h = scale * face.height;
        if (!boxes[i].chosen) {
            cairo_rectangle(cairo, x, y, w, h);
            cairo_set_source_rgba(cairo, 0, 0, 0, .45);
            cairo_fill(cairo);
            cairo_move_to(cairo, x, y);
            cairo_line_to(cairo, x + w, y + h);
        }
        cairo_rectangle(cairo, x, y, w, h);
        const double line = previewed == i ? 3 : 1.5;
        if (boxes[i].chosen) {
            outline(cairo, .35, 1, .45, line);
        } else {
            outline(cairo, .75, .75, .75, line);
        }
    }
}

double effective_zoom(cairo_surface_t* picture, int area_width, int area_height,
                      const Comparison& comparison) {
    if (comparison.zoom > 0) return comparison.zoom;
    return fit(cairo_image_surface_get_width(picture), cairo_image_surface_get_height(picture),
               area_width, area_height)
        .scale;
}

void draw_comparison(cairo_t* cairo, cairo_surface_t* before, cairo_surface_t* after,
                     int area_width, int area_height, const Comparison& comparison) {
    const double zoom = effective_zoom(before, area_width, area_height, comparison);
    const double x =
        area_width / 2.0 - zoom * comparison.centre_x * cairo_image_surface_get_width(before);
    const double y =
        area_height / 2.0 - zoom * comparison.centre_y * cairo_image_surface_get_height(before);
    const double line = std::floor(comparison.split * area_width) + .5;
    paint_picture(cairo, before, zoom, std::floor(x), std::floor(y));
    cairo_set_font_size(cairo, 12);
    if (after == nullptr) {
        label(cairo, _("Before"), 10, area_height - 10);
        return;
    }
    cairo_save(cairo);
    cairo_rectangle(cairo, line, 0, area_width - line, area_height);
    cairo_clip(cairo);
    paint_picture(cairo, after, zoom, std::floor(x), std::floor(y));
    cairo_restore(cairo);
    cairo_move_to(cairo, line, 0);
    cairo_line_to(cairo, line, area_height);
    outline(cairo, 1, 1, 1, 1);
    const char* words = _("After");
    cairo_text_extents_t size;
    cairo_text_extents(cairo, words, &size);
    if (line > 20) label(cairo, _("Before"), 10, area_height - 10);
    if (area_width - line > 20) label(cairo, words, area_width - size.width - 10, area_height - 10);
}

}  // namespace lowkey::gimp
