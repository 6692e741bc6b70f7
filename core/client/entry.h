// One kept result.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/hash.h"
#include "lowkey/client.h"
#include "protocol/codec.h"

namespace lowkey::client {

struct Entry {
    Hash family;          // of everything but the pixels: options, selection, shape, pack
    Hash key;             // of that and every pixel
    Hash manifest;        // of the pack's manifest, which holds the hashes of its weights
    std::string program;  // size and time of the command that computed it
    protocol::Shape shape;
    // All that the cloak looked at; empty if that cannot be said. The hash is of the input's pixels
    // there.
    std::vector<Rect> influence;
    Hash influence_hash;
    std::shared_ptr<const ClientChanges> changes;
};

std::size_t size_of(const Entry& entry);

// The result of a cloak. `movable`: every face that may matter is in the report.
Entry make_entry(const Hash& family, const Hash& key, const PictureView& picture, bool movable,
                 ClientChanges changes);

Hash influence_hash(const PictureView& picture, const std::vector<Rect>& influence);

// True if these are the faces that the report was made for, in the same places to within a pixel.
bool same_faces(const Report& report, const std::vector<Face>& found);

// Of the file's bytes; of nothing for an empty path. Empty if it cannot be read.
std::optional<Hash> manifest_hash(const std::string& path);

// As a protocol message with a hash behind it; nothing is decoded from bytes that the hash does not
// fit.
std::vector<std::byte> encode_entry(const Entry& entry);
std::optional<Entry> decode_entry(const std::vector<std::byte>& bytes);

}  // namespace lowkey::client
