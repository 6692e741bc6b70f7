#include "client/hash.h"

#define XXH_INLINE_ALL  // no library that an editor would have to find
#include <xxhash.h>

#include <array>
#include <cstdio>

namespace lowkey::client {

struct Hasher::State {
    XXH3_state_t xxh;
};

std::string hex(const Hash& hash) {
    std::array<char, 33> text;
    std::snprintf(text.data(), text.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high),
                  static_cast<unsigned long long>(hash.low));
    return text.data();
}

Hasher::Hasher() : state_(std::make_unique<State>()) {
    XXH3_128bits_reset(&state_->xxh);
}

Hasher::~Hasher() = default;

void Hasher::add(const void* bytes, std::size_t size) {
    XXH3_128bits_update(&state_->xxh, bytes, size);
}

void Hasher::add(std::string_view text) {
    const std::uint64_t size = text.size();
    add(&size, sizeof size);
    add(text.data(), text.size());
}

void Hasher::add(const PictureView& picture, const Rect& rect) {
    add(&rect, sizeof rect);
    const std::size_t pixel = bytes_per_pixel(picture.format);
    for (int y = rect.y; y < rect.y + rect.height; ++y)
        add(picture.row(y) + static_cast<std::size_t>(rect.x) * pixel,
            static_cast<std::size_t>(rect.width) * pixel);
}

Hash Hasher::finish() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh);
    return {hash.high64, hash.low64};
}

}  // namespace lowkey::client
