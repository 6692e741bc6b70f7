#include "fixture.h"

#include <lcms2.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

namespace lowkey::image::testing {

namespace fs = std::filesystem;

FileTest::FileTest() {
    std::string name = (fs::temp_directory_path() / "lowkey-Bildä-写真-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    folder_ = name;
}

FileTest::~FileTest() {
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, ignored);
    fs::remove_all(folder_, ignored);
}

std::vector<std::string> FileTest::files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

Picture gradient(int width, int height, Sample sample, Channels channels) {
    Picture picture(width, height, {sample, channels, Encoding::encoded});
    const int count = channel_count(channels), colors = color_channel_count(channels);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < count; ++c) {
                const double u = static_cast<double>(x) / width,
                             v = static_cast<double>(y) / height;
                double value = c == 0   ? u * 0.9
                               : c == 1 ? v * 0.8 + 0.1
                                        : 0.5 + 0.4 * std::sin(3 * u + 5 * v);
                if (c == colors) value = 0.25 + 0.5 * u;  // alpha
                const auto at = static_cast<std::size_t>(x * count + c);
                switch (sample) {
                    case Sample::u8:
                        reinterpret_cast<std::uint8_t*>(picture.row(y))[at] =
                            static_cast<std::uint8_t>(value * 255);
                        break;
                    case Sample::u16:
                        reinterpret_cast<std::uint16_t*>(picture.row(y))[at] =
                            static_cast<std::uint16_t>(value * 65535);
                        break;
                    case Sample::f32:
                        reinterpret_cast<float*>(picture.row(y))[at] = static_cast<float>(value);
                        break;
                }
            }
    return picture;
}

double sample_at(const PictureView& picture, int x, int y, int channel) {
    const int at = x * channel_count(picture.format.channels) + channel;
    switch (picture.format.sample) {
        case Sample::u8:
            return reinterpret_cast<const std::uint8_t*>(picture.row(y))[at] / 255.0;
        case Sample::u16:
            return reinterpret_cast<const std::uint16_t*>(picture.row(y))[at] / 65535.0;
        case Sample::f32:
            return reinterpret_cast<const float*>(picture.row(y))[at];
    }
    return 0;
}

bool same_bits(const PictureView& a, const PictureView& b) {
    if (a.width != b.width || a.height != b.height || !(a.format == b.format)) return false;
    const auto row = static_cast<std::size_t>(a.width) * bytes_per_pixel(a.format);
    for (int y = 0; y < a.height; ++y)
        if (std::memcmp(a.row(y), b.row(y), row) != 0) return false;
    return true;
}

double largest_difference(const PictureView& a, const PictureView& b) {
    if (a.width != b.width || a.height != b.height || a.format.channels != b.format.channels)
        return 1e9;
    double largest = 0;
    for (int y = 0; y < a.height; ++y)
        for (int x = 0; x < a.width; ++x)
            for (int c = 0; c < channel_count(a.format.channels); ++c)
                largest =
                    std::max(largest, std::abs(sample_at(a, x, y, c) - sample_at(b, x, y, c)));
    return largest;
}

Bytes load_bytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    Bytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

void save_bytes(const fs::path& path, const Bytes& bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

Bytes make_profile(double gamma) {
    cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
    cmsToneCurve* curves[] = {curve, curve, curve};
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    const cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile, nullptr, &size);
    Bytes bytes(size);
    cmsSaveProfileToMem(profile, bytes.data(), &size);
    cmsCloseProfile(profile);
    cmsFreeToneCurve(curve);
    return bytes;
}

Error error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error was thrown";
    return {ErrorKind::cancelled, ""};
}

}  // namespace lowkey::image::testing
