#include "protocol/stream.h"

namespace lowkey::protocol {

void read_all(Stream& stream, std::byte* into, std::size_t size) {
    while (size > 0) {
        const std::size_t got = stream.read_some(into, size);
        if (got == 0) throw Ended("in the middle of a message");
        into += got;
        size -= got;
    }
}

void write_all(Stream& stream, const std::byte* from, std::size_t size) {
    while (size > 0) {
        const std::size_t put = stream.write_some(from, size);
        from += put;
        size -= put;
    }
}

}  // namespace lowkey::protocol
