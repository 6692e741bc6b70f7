#include "client/entry.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace lowkey::client {
namespace {

using nlohmann::json;

// Around a face box, in longer sides of it. The region that a cloak works on is the ArcFace
// template's square with a soft edge, which ends about half a box away; the rest is for safety.
constexpr float kMargin = 0.75F;

Rect influence_of(const Face& face, const PictureView& picture) {
    const float margin = kMargin * std::max(face.width, face.height);
    const auto inside = [](float value, int limit) {
        return static_cast<int>(std::clamp(std::floor(value), 0.F, static_cast<float>(limit)));
    };
    const int left = inside(face.x - margin, picture.width);
    const int top = inside(face.y - margin, picture.height);
    const int right = inside(face.x + face.width + margin + 1, picture.width);
    const int bottom = inside(face.y + face.height + margin + 1, picture.height);
    return {left, top, std::max(0, right - left), std::max(0, bottom - top)};
}

bool contains(const Rect& outer, const Rect& inner) {
    return inner.x >= outer.x && inner.y >= outer.y &&
           inner.x + inner.width <= outer.x + outer.width &&
           inner.y + inner.height <= outer.y + outer.height;
}

json encode_hash(const Hash& hash) {
    return {hash.high, hash.low};
}

Hash decode_hash(const json& value) {
    return {value.at(0).get<std::uint64_t>(), value.at(1).get<std::uint64_t>()};
}

class MemoryStream final : public protocol::Stream {
  public:
    explicit MemoryStream(std::vector<std::byte> bytes = {}) : bytes(std::move(bytes)) {}
    std::size_t read_some(std::byte* into, std::size_t size) override {
        const std::size_t part = std::min(size, bytes.size() - at_);
        if (part > 0) std::memcpy(into, bytes.data() + at_, part);
        at_ += part;
        return part;
    }
    std::size_t write_some(const std::byte* from, std::size_t size) override {
        bytes.insert(bytes.end(), from, from + size);
        return size;
    }
    std::vector<std::byte> bytes;

  private:
    std::size_t at_ = 0;
};

Hash hash_of(const void* bytes, std::size_t size) {
    Hasher hasher;
    hasher.add(bytes, size);
    return hasher.finish();
}

}  // namespace

std::size_t size_of(const Entry& entry) {
    std::size_t bytes = sizeof(Entry) + sizeof(ClientChanges);
    for (const Patch& patch : entry.changes->patches) bytes += sizeof patch + patch.pixels.size();
    return bytes;
}

Entry make_entry(const Hash& family, const Hash& key, const PictureView& picture, bool movable,
                 ClientChanges changes) {
    Entry entry;
    entry.family = family;
    entry.key = key;
    entry.shape = protocol::shape_of(picture);
    entry.manifest = hash_of(changes.manifest_text.data(), changes.manifest_text.size());
    if (movable) {
        for (const FaceReport& face : changes.report.faces)
            if (const Rect rect = influence_of(face.face, picture);
                rect.width > 0 && rect.height > 0)
                entry.influence.push_back(rect);
        for (const Patch& patch : changes.patches)
            if (std::none_of(entry.influence.begin(), entry.influence.end(),
                             [&](const Rect& rect) { return contains(rect, patch.rect); }))
                entry.influence.push_back(patch.rect);
        entry.influence_hash = influence_hash(picture, entry.influence);
    }
    entry.changes = std::make_shared<ClientChanges>(std::move(changes));
    return entry;
}

Hash influence_hash(const PictureView& picture, const std::vector<Rect>& influence) {
    Hasher hasher;
    for (const Rect& rect : influence) hasher.add(picture, rect);
    return hasher.finish();
}

bool same_faces(const Report& report, const std::vector<Face>& found) {
    const auto near = [](float a, float b) { return std::abs(a - b) <= 1; };
    if (static_cast<int>(found.size()) != report.faces_found) return false;
    return std::all_of(report.faces.begin(), report.faces.end(), [&](const FaceReport& known) {
        if (known.index < 0 || known.index >= static_cast<int>(found.size())) return false;
        const Face& a = known.face;
        const Face& b = found[static_cast<std::size_t>(known.index)];
        return near(a.x, b.x) && near(a.y, b.y) && near(a.width, b.width) &&
               near(a.height, b.height);
    });
}

std::optional<Hash> manifest_hash(const std::string& path) {
    if (path.empty()) return hash_of(nullptr, 0);
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (file.bad()) return std::nullopt;
    return hash_of(text.data(), text.size());
}

std::vector<std::byte> encode_entry(const Entry& entry) {
    std::vector<Rect> rects;
    std::uint64_t bytes = 0;
    for (const Patch& patch : entry.changes->patches) {
        rects.push_back(patch.rect);
        bytes += patch.pixels.size();
    }
    MemoryStream stream;
    protocol::write_message(stream, protocol::Type::result,
                            {{"family", encode_hash(entry.family)},
                             {"key", encode_hash(entry.key)},
                             {"manifest_hash", encode_hash(entry.manifest)},
                             {"program", entry.program},
                             {"shape", protocol::encode(entry.shape)},
                             {"influence", protocol::encode(entry.influence)},
                             {"influence_hash", encode_hash(entry.influence_hash)},
                             {"report", protocol::encode(entry.changes->report)},
                             {"manifest", entry.changes->manifest},
                             {"patches", protocol::encode(rects)}},
                            bytes);
    for (const Patch& patch : entry.changes->patches)
        protocol::write_all(stream, patch.pixels.data(), patch.pixels.size());
    const Hash hash = hash_of(stream.bytes.data(), stream.bytes.size());
    protocol::write_all(stream, reinterpret_cast<const std::byte*>(&hash), sizeof hash);
    return std::move(stream.bytes);
}

std::optional<Entry> decode_entry(const std::vector<std::byte>& bytes) {
    if (bytes.size() < sizeof(Hash)) return std::nullopt;
    const std::size_t size = bytes.size() - sizeof(Hash);
    Hash written;
    std::memcpy(&written, bytes.data() + size, sizeof written);
    if (!(written == hash_of(bytes.data(), size))) return std::nullopt;
    try {
        MemoryStream stream(bytes);
        const protocol::Message message = protocol::read_own_version(stream);
        const json& value = message.json;
        Entry entry;
        entry.family = decode_hash(value.at("family"));
        entry.key = decode_hash(value.at("key"));
        entry.manifest = decode_hash(value.at("manifest_hash"));
        entry.program = protocol::text(value, "program");
        entry.shape = protocol::decode_shape(value.at("shape"));
        for (const json& rect : value.at("influence")) {  // they may overlap, so one by one
            const auto inside = protocol::decode_rects(json::array({rect}), entry.shape);
            entry.influence.push_back(inside.at(0));
        }
        entry.influence_hash = decode_hash(value.at("influence_hash"));
        ClientChanges changes;
        changes.report = protocol::decode_report(value.at("report"));
        changes.manifest = protocol::text(value, "manifest");
        changes.patches = protocol::read_patches(stream, message, entry.shape);
        entry.changes = std::make_shared<ClientChanges>(std::move(changes));
        return entry;
    } catch (const Error&) {
        return std::nullopt;  // written by another version
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace lowkey::client
