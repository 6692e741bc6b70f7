#include <algorithm>
#include <cassert>
#include <cmath>

#include "face/face.h"

namespace lowkey::face {

const Face& most_central(const std::vector<Face>& faces, int width, int height) {
    assert(!faces.empty());
    return *std::ranges::min_element(faces, {}, [&](const Face& face) {
        return std::hypot(face.x + face.width / 2 - static_cast<float>(width) / 2,
                          face.y + face.height / 2 - static_cast<float>(height) / 2);
    });
}

}  // namespace lowkey::face
