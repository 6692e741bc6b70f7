// One message: a fixed header, JSON, and for pixels a payload of raw bytes.
//
//   offset  bytes  header field (little-endian)
//   0       4      magic "LKEY"
//   4       2      protocol version
//   6       2      type
//   8       4      length of the JSON text
//   12      4      zero
//   16      8      length of the payload
//
//   type      from    JSON                                      payload
//   hello     worker  program (version), once at the start      -
//   detect    client  picture                                   pixels
//   cloak     client  options, picture, mask (whether present)  pixels, then the mask
//   progress  worker  fraction, stage                           -
//   faces     worker  faces                                     -
//   result    worker  report, manifest (path and text),         the patches' pixels
//                     patches (rectangles)
//   error     worker  kind, message                             -
//   bye       worker  - (it ends because it was idle)           -
//
// A request is answered by any number of progress messages and then one of faces, result, error.
// The header's first 12 bytes keep their meaning in every version, so that two versions can tell
// each other.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "protocol/stream.h"

namespace lowkey::protocol {

inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::size_t kHeaderBytes = 24;
inline constexpr std::uint32_t kMaxJsonBytes = 4u << 20;
inline constexpr std::uint64_t kMaxPayloadBytes = std::uint64_t{16} << 30;

enum class Type : std::uint16_t { hello = 1, detect, cloak, progress, faces, result, error, bye };

// NOLINTNEXTLINE(bugprone-exception-escape): nlohmann's move asserts, it does not throw.
struct Message {
    std::uint16_t version = kVersion;
    Type type{};
    nlohmann::json json;
    std::uint64_t payload_bytes = 0;  // still in the stream after read_message
};

// Throws Ended at the end of the stream, Error(worker) for bytes that are not a message or for
// lengths over the limits; nothing is allocated before the lengths are checked. Other versions are
// returned.
Message read_message(Stream& stream);

// As above, but another version is Error(worker) too.
Message read_own_version(Stream& stream);

// The caller writes the payload after it.
void write_message(Stream& stream, Type type, const nlohmann::json& json,
                   std::uint64_t payload_bytes = 0);

// Reads past a payload that nobody wants.
void skip(Stream& stream, std::uint64_t bytes);

// What every unreadable message is reported as.
[[noreturn]] void throw_garbled(const std::string& what);

}  // namespace lowkey::protocol
