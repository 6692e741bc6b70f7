#include "image/profile.h"

#include <lcms2.h>

#include <memory>

namespace lowkey::image {

bool is_linear_profile(std::span<const std::byte> bytes) {
    if (bytes.empty()) return false;
    using Profile = std::unique_ptr<void, decltype([](void* p) { cmsCloseProfile(p); })>;
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

}  // namespace lowkey::image
