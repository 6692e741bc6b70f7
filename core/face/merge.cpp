#include "face/merge.h"

#include <algorithm>
#include <tuple>

namespace lowkey::face {
namespace {

// Heads side by side share less than this of the smaller box; parts taken for a whole share more.
constexpr float kInside = 0.7F;

float area(const Face& face) {
    return face.width * face.height;
}

float common_area(const Face& a, const Face& b) {
    const float width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const float height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    return std::max(0.0F, width) * std::max(0.0F, height);
}

bool same_face(const Face& a, const Face& b, float overlap) {
    const float common = common_area(a, b);
    return common > overlap * (area(a) + area(b) - common) ||
           common > kInside * std::min(area(a), area(b));
}

}  // namespace

float overlap(const Face& a, const Face& b) {
    const float common = common_area(a, b);
    return common / (area(a) + area(b) - common);
}

std::vector<Face> keep_best(std::vector<Face> faces, float overlap) {
    std::stable_sort(faces.begin(), faces.end(), [](const Face& a, const Face& b) {
        return std::tie(b.score, a.y, a.x) < std::tie(a.score, b.y, b.x);
    });
    std::vector<Face> kept;
    for (const Face& face : faces)
        if (std::none_of(kept.begin(), kept.end(),
                         [&](const Face& better) { return same_face(face, better, overlap); }))
            kept.push_back(face);
    return kept;
}

void sort_largest_first(std::vector<Face>& faces) {
    std::stable_sort(faces.begin(), faces.end(), [](const Face& a, const Face& b) {
        return std::make_tuple(-area(a), a.y, a.x) < std::make_tuple(-area(b), b.y, b.x);
    });
}

}  // namespace lowkey::face
