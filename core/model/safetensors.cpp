#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "image/atomic_file.h"
#include "lowkey/error.h"

namespace lowkey::model {
namespace {

static_assert(std::endian::native == std::endian::little,
              "arrays are read as they lie in the file");

// The reference implementation's limit; a real header has some kilobytes.
constexpr std::uint64_t kMaxHeader = 100'000'000;

struct NumberType {
    const char* name;
    torch::ScalarType dtype;
    std::uint64_t bytes;
};
constexpr std::array<NumberType, 6> kTypes{{{"F64", torch::kFloat64, 8},
                                            {"I64", torch::kInt64, 8},
                                            {"F32", torch::kFloat32, 4},
                                            {"F16", torch::kFloat16, 2},
                                            {"BF16", torch::kBFloat16, 2},
                                            {"U8", torch::kUInt8, 1}}};

struct Entry {
    std::string name;
    NumberType type;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0;
};

[[noreturn]] void damaged(const std::filesystem::path& file, const std::string& what) {
    throw Error(ErrorKind::pack, "The weights file " + file.string() + " is damaged: " + what +
                                     ". Install the model pack again.");
}

std::optional<NumberType> find_type(const nlohmann::json& name) {
    for (const auto& type : kTypes) {
        if (name == type.name) return type;
    }
    return std::nullopt;
}

// Bytes of a tensor, or nothing where the product does not fit.
std::optional<std::uint64_t> byte_count(const std::vector<std::int64_t>& shape,
                                        const NumberType& type) {
    std::uint64_t count = type.bytes;
    for (const auto size : shape) {
        if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count)) {
            return std::nullopt;
        }
    }
    return count;
}

Entry parse_entry(const std::filesystem::path& file, const std::string& name,
                  const nlohmann::json& json) {
    const std::string place = "the entry of tensor \"" + name + "\" ";
    if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") ||
        !json.contains("data_offsets")) {
        damaged(file, place + "is incomplete");
    }
    const auto type = find_type(json["dtype"]);
    if (!type) damaged(file, place + "has a number type that LowKey does not read");
    Entry entry{name, *type, {}, 0, 0};
    const auto& shape = json["shape"];
    if (!shape.is_array() || shape.size() > 8) damaged(file, place + "has no usable shape");
    for (const auto& size : shape) {
        if (!size.is_number_unsigned() || size.get<std::uint64_t>() > (1ULL << 40)) {
            damaged(file, place + "has no usable shape");
        }
        entry.shape.push_back(size.get<std::int64_t>());
    }
    const auto& offsets = json["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned()) {
        damaged(file, place + "has no usable offsets");
    }
    entry.begin = offsets[0].get<std::uint64_t>();
    entry.end = offsets[1].get<std::uint64_t>();
    const auto bytes = byte_count(entry.shape, *type);
    if (entry.end < entry.begin || bytes != entry.end - entry.begin) {
        damaged(file, place + "has a size that does not match its shape");
    }
    return entry;
}

// Sorted by place; the arrays fill the rest of the file with neither holes nor overlaps.
std::vector<Entry> parse_header(const std::filesystem::path& file, const std::string& text,
                                std::uint64_t data_bytes) {
    const auto header = nlohmann::json::parse(text, nullptr, false);
    if (!header.is_object()) damaged(file, "its header is not JSON");
    std::vector<Entry> entries;
    for (const auto& [name, json] : header.items()) {
        if (name != "__metadata__") entries.push_back(parse_entry(file, name, json));
    }
    std::ranges::sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
    std::uint64_t place = 0;
    for (const auto& entry : entries) {
        if (entry.begin != place) {
            damaged(file, "the data of tensor \"" + entry.name +
                              "\" overlaps another's or leaves a hole");
        }
        place = entry.end;
    }
    if (place != data_bytes) damaged(file, "its length is not what its header says");
    return entries;
}

}  // namespace

Tensors read_safetensors(const std::filesystem::path& file) {
    std::error_code failed;
    const std::uint64_t size = std::filesystem::file_size(file, failed);
    std::ifstream stream;
    if (!failed) stream.open(file, std::ios::binary);  // a pipe has no size and would be waited for
    if (failed || !stream) {
        throw Error(ErrorKind::pack, "The weights file " + file.string() +
                                         " cannot be opened. Install the model pack again.");
    }
    std::uint64_t header_bytes = 0;
    if (size < sizeof header_bytes) damaged(file, "it is too short");
    stream.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
    if (header_bytes > kMaxHeader || header_bytes > size - sizeof header_bytes) {
        damaged(file, "its header does not fit into the file");
    }
    std::string header(header_bytes, '\0');
    stream.read(header.data(), static_cast<std::streamsize>(header_bytes));
    if (!stream) damaged(file, "it cannot be read to the end");

    Tensors tensors;
    for (const auto& entry :
         parse_header(file, header, size - sizeof header_bytes - header_bytes)) {
        auto tensor = torch::empty(entry.shape, entry.type.dtype);
        stream.read(static_cast<char*>(tensor.data_ptr()),
                    static_cast<std::streamsize>(entry.end - entry.begin));
        if (!stream) damaged(file, "it cannot be read to the end");
        tensors.emplace(entry.name, std::move(tensor));
    }
    return tensors;
}

void write_safetensors(const std::filesystem::path& file, const Tensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
    struct Item {
        std::string name;
        torch::Tensor tensor;
        NumberType type;
    };
    std::vector<Item> items;
    for (const auto& [name, tensor] : tensors) {
        const auto type = std::ranges::find(kTypes, tensor.scalar_type(), &NumberType::dtype);
        TORCH_INTERNAL_ASSERT(type != kTypes.end(), "tensor ", name, " has an unsupported dtype");
        items.push_back({name, tensor.detach().cpu().contiguous(), *type});
    }
    // Widest type first keeps every array aligned.
    std::ranges::stable_sort(items, std::ranges::greater{},
                             [](const Item& i) { return i.type.bytes; });

    nlohmann::json header = nlohmann::json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::uint64_t place = 0;
    for (const auto& item : items) {
        const std::uint64_t end = place + item.tensor.nbytes();
        header[item.name] = {{"dtype", item.type.name},
                             {"shape", item.tensor.sizes().vec()},
                             {"data_offsets", {place, end}}};
        place = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const std::uint64_t header_bytes = text.size();

    std::vector<image::ByteSpan> parts = {std::as_bytes(std::span(&header_bytes, 1)),
                                          std::as_bytes(std::span(text))};
    for (const auto& item : items)
        parts.emplace_back(static_cast<const std::byte*>(item.tensor.data_ptr()),
                           item.tensor.nbytes());
    image::write_file(file, parts);
}

}  // namespace lowkey::model
