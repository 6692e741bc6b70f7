// The messages themselves: what goes in comes out, and what is garbled is refused without harm.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "fixtures.h"
#include "protocol/codec.h"

namespace lowkey::protocol {
namespace {

using namespace lowkey::testing;
using ::testing::HasSubstr;

class MemoryStream final : public Stream {
  public:
    std::size_t read_some(std::byte* into, std::size_t size) override {
        const std::size_t part = std::min({size, bytes.size() - at, most});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), part, into);
        at += part;
        return part;
    }
    std::size_t write_some(const std::byte* from, std::size_t size) override {
        const std::size_t part = std::min(size, most);
        bytes.insert(bytes.end(), from, from + part);
        return part;
    }
    std::vector<std::byte> bytes;
    std::size_t at = 0;
    std::size_t most = 7;  // a stream may hand over as little as it likes
};

TEST(Protocol, MessagesComeBack) {
    MemoryStream stream;
    write_message(stream, Type::progress, encode(Progress{0.25, "Größe \xff"}), 3);
    const std::byte payload[3] = {};
    write_all(stream, payload, 3);
    write_message(stream, Type::bye, nlohmann::json::object());
    const Message first = read_own_version(stream);
    EXPECT_EQ(first.type, Type::progress);
    EXPECT_EQ(decode_progress(first.json).fraction, 0.25);
    EXPECT_THAT(decode_progress(first.json).stage, HasSubstr("Größe")) << "and no bad bytes";
    EXPECT_EQ(first.payload_bytes, 3u);
    skip(stream, 3);
    EXPECT_EQ(read_own_version(stream).type, Type::bye);
    EXPECT_THROW(read_own_version(stream), Ended);
}

TEST(Protocol, OptionsComeBack) {
    Options options;
    options.preset = Preset::paper;
    options.strength = 7;
    options.iterations = 9;
    options.seed = ~std::uint64_t{0};
    options.faces = {2, 0};
    options.region = Rect{-1, 2, 3, 4};
    options.device = "cuda:1";
    const Options back = decode_options(encode(options));
    EXPECT_EQ(back.preset, options.preset);
    EXPECT_EQ(back.strength, options.strength);
    EXPECT_EQ(back.iterations, options.iterations);
    EXPECT_EQ(back.seed, options.seed);
    EXPECT_EQ(back.faces, options.faces);
    EXPECT_EQ(back.region, options.region);
    EXPECT_EQ(back.device, options.device);
    const Options unset = decode_options(encode(Options()));
    EXPECT_FALSE(unset.strength || unset.iterations || unset.region);
}

TEST(Protocol, EveryKindOfErrorComesBack) {
    for (int kind = 0; kind <= static_cast<int>(ErrorKind::cancelled); ++kind) {
        const Error error = decode_error(encode(Error(static_cast<ErrorKind>(kind), "words")));
        EXPECT_EQ(error.kind, static_cast<ErrorKind>(kind));
        EXPECT_STREQ(error.what(), "words");
    }
}

// Every prefix of a message ends in Ended, and every flipped bit is read or refused, never worse.
TEST(Protocol, SurvivesTruncationAndFlippedBits) {
    MemoryStream whole;
    write_message(whole, Type::cloak,
                  {{"options", encode(Options())}, {"picture", encode(Shape{4, 4, {}})}}, 48);
    for (std::size_t length = 0; length < whole.bytes.size(); ++length) {
        MemoryStream part;
        part.bytes.assign(whole.bytes.begin(), whole.bytes.begin() + static_cast<long>(length));
        EXPECT_THROW(read_message(part), Ended);
    }
    for (std::size_t bit = 0; bit < whole.bytes.size() * 8; ++bit) {
        MemoryStream flipped;
        flipped.bytes = whole.bytes;
        flipped.bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
        try {
            const Message message = read_own_version(flipped);
            const Request request = decode_request(message);
            EXPECT_EQ(pixel_bytes(request.shape), message.payload_bytes);
            decode_options(message.json.value("options", nlohmann::json()));
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::worker);
        }
    }
}

TEST(Protocol, RefusesLengthsBeforeItAllocates) {
    for (const auto& [offset, bytes] : {std::pair{8, 4}, std::pair{16, 8}}) {
        MemoryStream stream;
        write_message(stream, Type::cloak, nlohmann::json::object());
        std::memset(stream.bytes.data() + offset, 0xff, static_cast<std::size_t>(bytes));
        const Error error = caught([&] { read_message(stream); });
        EXPECT_THAT(error.what(), HasSubstr("too long"));
    }
}

TEST(Protocol, RefusesShapesThatDisagreeWithThePayload) {
    const auto refused = [](const nlohmann::json& picture, std::uint64_t payload) {
        Message message;
        message.json = {{"picture", picture}};
        message.payload_bytes = payload;
        return caught([&] { decode_request(message); }).kind == ErrorKind::worker;
    };
    const nlohmann::json good = encode(Shape{4, 4, {}});
    EXPECT_TRUE(refused(good, 47));
    EXPECT_TRUE(refused(good, 64)) << "a mask that was not announced";
    for (const auto& [name, value] : {std::pair<const char*, nlohmann::json>{"width", 0},
                                      {"width", -4},
                                      {"height", 1 << 30},
                                      {"width", 1e300},
                                      {"width", "4"},
                                      {"sample", 3},
                                      {"channels", 0},
                                      {"channels", 5},
                                      {"encoding", -1},
                                      {"height", nullptr}}) {
        nlohmann::json bad = good;
        bad[name] = value;
        EXPECT_TRUE(refused(bad, 48)) << bad;
    }
}

TEST(Protocol, RefusesRectanglesOutsideThePicture) {
    const Shape shape{10, 10, {}};
    EXPECT_EQ(decode_rects({{0, 0, 10, 10}}, shape).size(), 1u);
    for (const nlohmann::json& bad : {nlohmann::json{{-1, 0, 2, 2}},
                                      {{9, 9, 2, 1}},
                                      {{0, 0, 0, 1}},
                                      {{2147483647, 0, 1, 1}},
                                      {{1, 1, 2147483647, 1}},
                                      {{0, 0, 10, 10}, {0, 0, 1, 1}},
                                      {{0, 0, 1}},
                                      {"four"},
                                      {7}})
        EXPECT_EQ(caught([&] { decode_rects(bad, shape); }).kind, ErrorKind::worker) << bad;
}

TEST(Patch, ChangesRebuildThePicture) {
    for (const auto& [width, height] : {std::pair{1, 1}, {64, 64}, {65, 63}, {300, 200}}) {
        const Picture before = noise(width, height, {Sample::u16, Channels::rgba, {}});
        Picture after(before.view());
        for (int i = 0; i < 5; ++i)
            after.row((i * 37) % height)[static_cast<std::size_t>((i * 101) % width) * 8] ^=
                std::byte{1};
        Picture rebuilt(before.view());
        for (const Rect& rect : changed_rects(before.view(), after.view())) {
            MemoryStream stream;
            write_rect(stream, after.view(), rect);
            paste({rect, stream.bytes}, rebuilt);
        }
        EXPECT_TRUE(same(rebuilt.view(), after.view()));
        EXPECT_TRUE(changed_rects(after.view(), after.view()).empty());
    }
}

TEST(Patch, CoversLittleMoreThanWhatChanged) {
    const Picture before = noise(1000, 1000);
    Picture after(before.view());
    for (int y = 500; y < 600; ++y)
        for (int x = 300; x < 400; ++x) touch(after, x, y);
    int area = 0;
    for (const Rect& rect : changed_rects(before.view(), after.view()))
        area += rect.width * rect.height;
    EXPECT_LE(area, 192 * 192) << "whole tiles of 64 pixels";
}

}  // namespace
}  // namespace lowkey::protocol
