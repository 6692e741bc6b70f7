#include "protocol/message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace lowkey::protocol {
namespace {

constexpr char kMagic[] = {'L', 'K', 'E', 'Y'};

template <typename Number>
void put(std::byte* at, Number value) {
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        at[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

template <typename Number>
Number get(const std::byte* at) {
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        value = static_cast<Number>(value | (static_cast<Number>(at[i]) << (8 * i)));
    return value;
}

}  // namespace

void throw_garbled(const std::string& what) {
    throw Error(ErrorKind::worker,
                "The LowKey worker and its client do not understand each other (" + what +
                    "). Install LowKey again, so that both are of one version.");
}

Message read_message(Stream& stream) {
    std::array<std::byte, kHeaderBytes> header;
    const std::size_t first = stream.read_some(header.data(), header.size());
    if (first == 0) throw Ended("between two messages");
    read_all(stream, header.data() + first, header.size() - first);
    if (std::memcmp(header.data(), kMagic, sizeof kMagic) != 0)
        throw_garbled("what came is not a message");

    Message message;
    message.version = get<std::uint16_t>(header.data() + 4);
    message.type = static_cast<Type>(get<std::uint16_t>(header.data() + 6));
    const auto json_bytes = get<std::uint32_t>(header.data() + 8);
    message.payload_bytes = get<std::uint64_t>(header.data() + 16);
    if (json_bytes > kMaxJsonBytes || message.payload_bytes > kMaxPayloadBytes)
        throw_garbled("a message is too long");

    std::vector<std::byte> text(json_bytes);
    read_all(stream, text.data(), text.size());
    const char* begin = reinterpret_cast<const char*>(text.data());
    message.json = nlohmann::json::parse(begin, begin + text.size(), nullptr, false);
    if (!message.json.is_object() && message.version == kVersion)
        throw_garbled("a message is not JSON");
    return message;
}

Message read_own_version(Stream& stream) {
    Message message = read_message(stream);
    if (message.version != kVersion)
        throw_garbled("protocol " + std::to_string(message.version) + " instead of " +
                      std::to_string(kVersion));
    return message;
}

void write_message(Stream& stream, Type type, const nlohmann::json& json,
                   std::uint64_t payload_bytes) {
    // Messages of other libraries' exceptions may hold bytes that are not UTF-8.
    const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::vector<std::byte> bytes(kHeaderBytes + text.size());
    std::memcpy(bytes.data(), kMagic, sizeof kMagic);
    put<std::uint16_t>(bytes.data() + 4, kVersion);
    put<std::uint16_t>(bytes.data() + 6, static_cast<std::uint16_t>(type));
    put<std::uint32_t>(bytes.data() + 8, static_cast<std::uint32_t>(text.size()));
    put<std::uint64_t>(bytes.data() + 16, payload_bytes);
    std::memcpy(bytes.data() + kHeaderBytes, text.data(), text.size());
    write_all(stream, bytes.data(), bytes.size());
}

void skip(Stream& stream, std::uint64_t bytes) {
    std::array<std::byte, 1 << 16> buffer;
    while (bytes > 0) {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer.size()));
        read_all(stream, buffer.data(), part);
        bytes -= part;
    }
}

}  // namespace lowkey::protocol
