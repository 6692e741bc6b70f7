#include "protocol/codec.h"

#include <new>

namespace lowkey::protocol {
namespace {

using nlohmann::json;

template <typename Decode>
auto decoded(Decode decode) {
    try {
        return decode();
    } catch (const json::exception& error) {
        throw_garbled(error.what());
    } catch (const Error& error) {
        if (error.kind == ErrorKind::input) throw_garbled(error.what());
        throw;
    }
}

json encode_rect(const Rect& rect) {
    return {rect.x, rect.y, rect.width, rect.height};
}

Rect decode_rect(const json& value) {
    return {value.at(0).get<int>(), value.at(1).get<int>(), value.at(2).get<int>(),
            value.at(3).get<int>()};
}

std::uint64_t area(const Rect& rect) {
    return static_cast<std::uint64_t>(rect.width) * static_cast<std::uint64_t>(rect.height);
}

constexpr struct {
    ErrorKind kind;
    const char* name;
} kKinds[] = {
    {ErrorKind::no_face, "no_face"}, {ErrorKind::input, "input"},
    {ErrorKind::file, "file"},       {ErrorKind::pack, "pack"},
    {ErrorKind::memory, "memory"},   {ErrorKind::device, "device"},
    {ErrorKind::worker, "worker"},   {ErrorKind::cancelled, "cancelled"},
};

[[noreturn]] void throw_no_memory() {
    throw Error(ErrorKind::memory,
                "There is not enough memory for this picture. Close other programs or scale the "
                "picture down.");
}

}  // namespace

std::string text(const json& value, const char* name) {
    if (!value.is_object() || !value.contains(name) || !value[name].is_string()) return {};
    return value[name].get<std::string>();
}

json encode(const Options& options) {
    json value = {{"preset", preset_defaults(options.preset).name},
                  {"seed", options.seed},
                  {"faces", options.faces},
                  {"device", options.device}};
    if (options.strength) value["strength"] = *options.strength;
    if (options.iterations) value["iterations"] = *options.iterations;
    if (options.region) value["region"] = encode_rect(*options.region);
    return value;
}

Options decode_options(const json& value) {
    return decoded([&] {
        Options options;
        const auto preset = parse_preset(value.at("preset").get<std::string>());
        if (!preset) throw_garbled("a preset is unknown");
        options.preset = *preset;
        options.seed = value.at("seed").get<std::uint64_t>();
        options.faces = value.at("faces").get<std::vector<int>>();
        options.device = value.at("device").get<std::string>();
        if (value.contains("strength")) options.strength = value["strength"].get<int>();
        if (value.contains("iterations")) options.iterations = value["iterations"].get<int>();
        if (value.contains("region")) options.region = decode_rect(value["region"]);
        return options;
    });
}

json encode(const Progress& progress) {
    return {{"fraction", progress.fraction}, {"stage", progress.stage}};
}

Progress decode_progress(const json& value) {
    return decoded([&] {
        return Progress{value.at("fraction").get<double>(), value.at("stage").get<std::string>()};
    });
}

json encode(const Error& error) {
    for (const auto& row : kKinds)
        if (row.kind == error.kind) return {{"kind", row.name}, {"message", error.what()}};
    return {{"kind", "worker"}, {"message", error.what()}};
}

Error decode_error(const json& value) {
    return decoded([&] {
        const auto name = value.at("kind").get<std::string>();
        const auto message = value.at("message").get<std::string>();
        for (const auto& row : kKinds)
            if (row.name == name) return Error(row.kind, message);
        return Error(ErrorKind::worker, message);
    });
}

// The API's own JSON is nested as it is, so that a report has one form everywhere.
json encode(const std::vector<Face>& faces) {
    return {{"faces", json::parse(to_json(faces))}};
}

std::vector<Face> decode_faces(const json& value) {
    return decoded([&] { return faces_from_json(value.at("faces").dump()); });
}

json encode(const Report& report) {
    return json::parse(to_json(report));
}

Report decode_report(const json& value) {
    return decoded([&] { return report_from_json(value.dump()); });
}

Shape shape_of(const PictureView& picture) {
    return {picture.width, picture.height, picture.format};
}

std::uint64_t pixel_bytes(const Shape& shape) {
    return static_cast<std::uint64_t>(shape.width) * static_cast<std::uint64_t>(shape.height) *
           bytes_per_pixel(shape.format);
}

json encode(const Shape& shape) {
    return {{"width", shape.width},
            {"height", shape.height},
            {"sample", static_cast<int>(shape.format.sample)},
            {"channels", static_cast<int>(shape.format.channels)},
            {"encoding", static_cast<int>(shape.format.encoding)}};
}

Shape decode_shape(const json& value) {
    return decoded([&] {
        const int sample = value.at("sample").get<int>();
        const int channels = value.at("channels").get<int>();
        const int encoding = value.at("encoding").get<int>();
        Shape shape{value.at("width").get<int>(), value.at("height").get<int>(), {}};
        if (shape.width <= 0 || shape.height <= 0 || shape.width > kMaxSide ||
            shape.height > kMaxSide || sample < 0 || sample > static_cast<int>(Sample::f32) ||
            channels < 1 || channels > 4 || encoding < 0 ||
            encoding > static_cast<int>(Encoding::linear))
            throw_garbled("a picture's format is unknown");
        shape.format = {static_cast<Sample>(sample), static_cast<Channels>(channels),
                        static_cast<Encoding>(encoding)};
        return shape;
    });
}

Request decode_request(const Message& message) {
    return decoded([&] {
        Request request;
        request.shape = decode_shape(message.json.at("picture"));
        request.has_mask = message.json.value("mask", false);
        std::uint64_t expected = pixel_bytes(request.shape);
        if (request.has_mask)
            expected += static_cast<std::uint64_t>(request.shape.width) *
                        static_cast<std::uint64_t>(request.shape.height);
        if (message.payload_bytes != expected)
            throw_garbled("a picture's size and its bytes disagree");
        return request;
    });
}

json encode(const std::vector<Rect>& rects) {
    json value = json::array();
    for (const Rect& rect : rects) value.push_back(encode_rect(rect));
    return value;
}

std::vector<Rect> decode_rects(const json& value, const Shape& shape) {
    return decoded([&] {
        std::vector<Rect> rects;
        const std::uint64_t limit = area({0, 0, shape.width, shape.height});
        std::uint64_t pixels = 0;
        for (const json& item : value) {
            const Rect rect = decode_rect(item);
            if (rect.x < 0 || rect.y < 0 || rect.width <= 0 || rect.height <= 0 ||
                rect.width > shape.width - rect.x || rect.height > shape.height - rect.y)
                throw_garbled("a rectangle lies outside the picture");
            pixels += area(rect);
            if (pixels > limit) throw_garbled("there are more changed pixels than pixels");
            rects.push_back(rect);
        }
        return rects;
    });
}

void write_rows(Stream& stream, const std::byte* first, std::size_t row_bytes, std::size_t stride,
                int rows) {
    if (row_bytes == stride)
        return write_all(stream, first, row_bytes * static_cast<std::size_t>(rows));
    for (int y = 0; y < rows; ++y)
        write_all(stream, first + static_cast<std::size_t>(y) * stride, row_bytes);
}

void write_rect(Stream& stream, const PictureView& picture, const Rect& rect) {
    const std::size_t pixel = bytes_per_pixel(picture.format);
    write_rows(stream, picture.row(rect.y) + static_cast<std::size_t>(rect.x) * pixel,
               static_cast<std::size_t>(rect.width) * pixel, picture.stride, rect.height);
}

Picture read_picture(Stream& stream, const Shape& shape) {
    Picture picture(shape.width, shape.height, shape.format);
    read_all(stream, picture.row(0), picture.size_bytes());
    return picture;
}

std::vector<std::uint8_t> read_mask(Stream& stream, const Shape& shape) {
    std::vector<std::uint8_t> mask;
    try {
        mask.resize(area({0, 0, shape.width, shape.height}));
    } catch (const std::bad_alloc&) {
        throw_no_memory();
    }
    read_all(stream, reinterpret_cast<std::byte*>(mask.data()), mask.size());
    return mask;
}

std::vector<Patch> read_patches(Stream& stream, const Message& message, const Shape& shape) {
    if (!message.json.contains("patches")) throw_garbled("a result has no pixels");
    const std::vector<Rect> rects = decode_rects(message.json["patches"], shape);
    const std::size_t pixel = bytes_per_pixel(shape.format);
    std::uint64_t expected = 0;
    for (const Rect& rect : rects) expected += area(rect) * pixel;
    if (message.payload_bytes != expected) throw_garbled("a result's size and its bytes disagree");
    std::vector<Patch> patches;
    try {
        patches.reserve(rects.size());
        for (const Rect& rect : rects) {
            patches.push_back({rect, std::vector<std::byte>(area(rect) * pixel)});
            read_all(stream, patches.back().pixels.data(), patches.back().pixels.size());
        }
    } catch (const std::bad_alloc&) {
        throw_no_memory();
    }
    return patches;
}

}  // namespace lowkey::protocol
