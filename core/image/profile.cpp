#include "image/profile.h"

#include <lcms2.h>

#include <memory>
#include <new>

namespace lowkey::image {
namespace {

using Profile = std::unique_ptr<void, decltype([](void* p) { cmsCloseProfile(p); })>;
using Curve = std::unique_ptr<cmsToneCurve, decltype([](cmsToneCurve* c) { cmsFreeToneCurve(c); })>;

constexpr std::array<std::int32_t, 8> kSrgb = {31270, 32900, 64000, 33000,
                                               30000, 60000, 15000, 6000};

}  // namespace

bool is_linear_profile(std::span<const std::byte> bytes) {
    if (bytes.empty()) return false;
    const Profile profile(
        cmsOpenProfileFromMem(bytes.data(), static_cast<cmsUInt32Number>(bytes.size())));
    if (!profile) return false;
    const cmsTagSignature tag =
        cmsGetColorSpace(profile.get()) == cmsSigGrayData ? cmsSigGrayTRCTag : cmsSigRedTRCTag;
    // The curve belongs to the profile. A profile made of tables alone has none, and is no linear
    // one.
    const auto* curve = static_cast<const cmsToneCurve*>(cmsReadTag(profile.get(), tag));
    return curve && cmsIsToneCurveLinear(curve);
}

std::vector<std::byte> linear_profile(
    bool grey, const std::optional<std::array<std::int32_t, 8>>& chromaticities) {
    const std::array<std::int32_t, 8> given = chromaticities.value_or(kSrgb);
    const auto colour = [&](std::size_t i) {
        return cmsCIExyY{given[2 * i] / 1e5, given[2 * i + 1] / 1e5, 1};
    };
    const cmsCIExyY white = colour(0);
    const cmsCIExyYTRIPLE primaries{colour(1), colour(2), colour(3)};
    const Curve curve(cmsBuildGamma(nullptr, 1.0));
    cmsToneCurve* const curves[] = {curve.get(), curve.get(), curve.get()};
    const Profile profile(grey ? cmsCreateGrayProfile(&white, curve.get())
                               : cmsCreateRGBProfile(&white, &primaries, curves));
    cmsUInt32Number size = 0;
    if (!curve || !profile || !cmsSaveProfileToMem(profile.get(), nullptr, &size))
        throw std::bad_alloc();
    std::vector<std::byte> bytes(size);
    if (!cmsSaveProfileToMem(profile.get(), bytes.data(), &size)) throw std::bad_alloc();
    return bytes;
}

}  // namespace lowkey::image
