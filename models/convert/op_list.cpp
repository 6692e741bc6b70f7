#include "convert/op_list.h"

#include <fstream>
#include <sstream>

#include "lowkey/error.h"

namespace lowkey::convert {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

std::filesystem::path with_extension(std::filesystem::path stem, const char* extension) {
    return stem += extension;
}

}  // namespace

OpList read_op_list(const std::filesystem::path& stem) {
    const auto text = with_extension(stem, ".txt"), data = with_extension(stem, ".bin");
    std::ifstream lines(text), values(data, std::ios::binary);
    const auto damaged = [&](const std::filesystem::path& file) {
        throw Error(ErrorKind::file,
                    file.string() + " is missing or damaged. Copy it again from where it came.");
    };
    if (!lines) damaged(text);
    if (!values) damaged(data);

    OpList list;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string tag, name;
        words >> tag >> name;
        if (tag == "W") {
            std::int64_t offset = 0;
            std::string shape;
            words >> offset >> shape;
            std::vector<std::int64_t> sizes;
            for (const auto& size : split(shape, ',')) sizes.push_back(std::stoll(size));
            auto array = torch::empty(sizes, torch::kFloat32);
            values.seekg(offset * static_cast<std::int64_t>(sizeof(float)));
            values.read(static_cast<char*>(array.data_ptr()),
                        static_cast<std::streamsize>(array.nbytes()));
            if (!words || !values) damaged(data);
            list.arrays.emplace(name, array);
        } else if (tag == "O") {
            std::string output, inputs;
            words >> output >> inputs;  // and attributes, which the architectures have themselves
            list.operations.push_back({name, split(inputs, ',')});
        } else if (tag == "R") {
            list.result = name;
        }
    }
    if (list.arrays.empty() || list.result.empty()) damaged(text);
    return list;
}

}  // namespace lowkey::convert
