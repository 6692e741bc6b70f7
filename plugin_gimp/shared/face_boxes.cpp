#include "shared/face_boxes.h"

#include <algorithm>
#include <cmath>

namespace lowkey::gimp {

std::optional<std::size_t> box_at(const std::vector<FaceBox>& boxes, double x, double y) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const Face& face = boxes[i].candidate.face;
        if (x < face.x || y < face.y || x >= face.x + face.width || y >= face.y + face.height)
            continue;
        const auto area = [](const Face& f) { return f.width * f.height; };
        if (!best || area(face) < area(boxes[*best].candidate.face)) best = i;
    }
    return best;
}

bool any_chosen(const std::vector<FaceBox>& boxes) {
    return std::any_of(boxes.begin(), boxes.end(), [](const FaceBox& box) { return box.chosen; });
}

std::vector<int> chosen_faces(const std::vector<FaceBox>& boxes) {
    std::vector<int> chosen;
    for (const FaceBox& box : boxes) {
        if (box.chosen) chosen.push_back(box.candidate.index);
    }
    if (chosen.size() == boxes.size()) chosen.clear();
    return chosen;
}

Fit fit(int width, int height, int area_width, int area_height) {
    Fit made;
    made.scale = std::min(static_cast<double>(area_width) / width,
                          static_cast<double>(area_height) / height);
    made.x = (area_width - made.scale * width) / 2;
    made.y = (area_height - made.scale * height) / 2;
    return made;
}

Rect surroundings(const Face& face, int width, int height) {
    const int x0 = std::clamp(static_cast<int>(std::floor(face.x - face.width / 2)), 0, width - 1);
    const int y0 =
        std::clamp(static_cast<int>(std::floor(face.y - face.height / 2)), 0, height - 1);
    const int x1 =
        std::clamp(static_cast<int>(std::ceil(face.x + face.width * 1.5F)), x0 + 1, width);
    const int y1 =
        std::clamp(static_cast<int>(std::ceil(face.y + face.height * 1.5F)), y0 + 1, height);
    return {x0, y0, x1 - x0, y1 - y0};
}

}  // namespace lowkey::gimp
