// Bytes to and from the other side. The client's stream polls so that a cancel is heard, the
// worker's simply blocks; the protocol stands on this alone.
#pragma once

#include <cstddef>
#include <string>

#include "lowkey/error.h"

namespace lowkey::protocol {

// The other side closed the connection, in the middle of a message or between two.
struct Ended : Error {
    explicit Ended(const std::string& where)
        : Error(ErrorKind::worker, "The connection to the LowKey worker ended " + where + ".") {}
};

class Stream {
  public:
    virtual ~Stream() = default;
    // At least one byte, at most `size`; 0 only at the end. Throws Ended where the connection
    // broke.
    virtual std::size_t read_some(std::byte* into, std::size_t size) = 0;
    virtual std::size_t write_some(const std::byte* from, std::size_t size) = 0;
};

void read_all(Stream& stream, std::byte* into, std::size_t size);
void write_all(Stream& stream, const std::byte* from, std::size_t size);

}  // namespace lowkey::protocol
