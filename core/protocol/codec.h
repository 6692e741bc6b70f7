// The project's types as a message's JSON and payload. Whatever cannot be decoded is Error(worker).
#pragma once

#include <vector>

#include "lowkey/options.h"
#include "lowkey/patch.h"
#include "lowkey/picture.h"
#include "lowkey/progress.h"
#include "lowkey/report.h"
#include "protocol/message.h"

namespace lowkey::protocol {

// The string of that name; empty if there is none.
std::string text(const nlohmann::json& json, const char* name);

nlohmann::json encode(const Options& options);
Options decode_options(const nlohmann::json& json);

nlohmann::json encode(const Progress& progress);
Progress decode_progress(const nlohmann::json& json);

nlohmann::json encode(const Error& error);
Error decode_error(const nlohmann::json& json);

nlohmann::json encode(const std::vector<Face>& faces);
std::vector<Face> decode_faces(const nlohmann::json& json);

nlohmann::json encode(const Report& report);
Report decode_report(const nlohmann::json& json);

// The longest side that a Picture may have; keeps a shape's size in bytes far below 2^64.
inline constexpr int kMaxSide = 1 << 20;

// A picture's size and format without its pixels.
struct Shape {
    int width = 0, height = 0;
    PixelFormat format;
    bool operator==(const Shape&) const = default;
};
Shape shape_of(const PictureView& picture);
std::uint64_t pixel_bytes(const Shape& shape);
nlohmann::json encode(const Shape& shape);
Shape decode_shape(const nlohmann::json& json);

// A request's picture: decoded only if the payload has exactly the length that its shape asks for.
struct Request {
    Shape shape;
    bool has_mask = false;
};
Request decode_request(const Message& message);

nlohmann::json encode(const std::vector<Rect>& rects);
// Rectangles inside the shape, not empty, no more pixels in all than the picture has.
std::vector<Rect> decode_rects(const nlohmann::json& json, const Shape& shape);

// Pixels go row by row straight from and into the pictures: nothing is held twice.
void write_rows(Stream& stream, const std::byte* first, std::size_t row_bytes, std::size_t stride,
                int rows);
void write_rect(Stream& stream, const PictureView& picture, const Rect& rect);
Picture read_picture(Stream& stream, const Shape& shape);
std::vector<std::uint8_t> read_mask(Stream& stream, const Shape& shape);
std::vector<Patch> read_patches(Stream& stream, const Message& message, const Shape& shape);

}  // namespace lowkey::protocol
