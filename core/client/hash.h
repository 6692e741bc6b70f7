// Content hash of the cache. XXH3 runs at memory speed, where SHA-256 would take a second for a
// photo of 12 megapixels as floats; nobody but the user writes into the cache, so no attacker looks
// for collisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lowkey/picture.h"

namespace lowkey::client {

struct Hash {
    std::uint64_t high = 0, low = 0;
    bool operator==(const Hash&) const = default;
};
std::string hex(const Hash& hash);

class Hasher {
  public:
    Hasher();
    ~Hasher();
    void add(const void* bytes, std::size_t size);
    void add(std::string_view text);  // with its length
    void add(const PictureView& picture, const Rect& rect);
    Hash finish() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lowkey::client
