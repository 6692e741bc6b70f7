#include "cloak/select.h"

#include <algorithm>

#include "cloak/region.h"
#include "face/face.h"
#include "lowkey/error.h"

namespace lowkey::cloak {
namespace {

constexpr double kUnselected = 0.02;     // less of the face box than this: the face is left alone
constexpr double kWhollySelected = 0.9;  // less than this: the person is told
constexpr int kSmallestRegion = 12;      // pixels; less holds no face that a recogniser could use

Rect inside(const Rect& rect, int width, int height) {
    const int x0 = std::clamp(rect.x, 0, width), y0 = std::clamp(rect.y, 0, height);
    const int x1 = static_cast<int>(
        std::clamp<long long>(static_cast<long long>(rect.x) + rect.width, x0, width));
    const int y1 = static_cast<int>(
        std::clamp<long long>(static_cast<long long>(rect.y) + rect.height, y0, height));
    return {x0, y0, x1 - x0, y1 - y0};
}

bool centre_inside(const Face& face, const Rect& region) {
    const float x = face.x + face.width / 2, y = face.y + face.height / 2;
    return x >= static_cast<float>(region.x) && y >= static_cast<float>(region.y) &&
           x < static_cast<float>(region.x + region.width) &&
           y < static_cast<float>(region.y + region.height);
}

Rect pixels_of(const Face& face, int width, int height) {
    return inside({static_cast<int>(face.x), static_cast<int>(face.y), static_cast<int>(face.width),
                   static_cast<int>(face.height)},
                  width, height);
}

std::vector<ChosenFace> named_faces(const std::vector<Face>& found, const Options& options) {
    std::vector<ChosenFace> chosen;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const int index = static_cast<int>(i);
        if (options.faces.empty() ||
            std::find(options.faces.begin(), options.faces.end(), index) != options.faces.end()) {
            chosen.push_back({found[i], index});
        }
    }
    for (const int index : options.faces) {
        if (index >= 0 && index < static_cast<int>(found.size())) continue;
        if (found.empty()) break;  // the plain "no face" message says more
        throw Error(ErrorKind::input,
                    "There is no face number " + std::to_string(index) + ": " +
                        std::to_string(found.size()) +
                        (found.size() == 1 ? " face was" : " faces were") +
                        " found, counted from 0. List them with `lowkey detect`.");
    }
    return chosen;
}

Rect checked_region(const Rect& wanted, int width, int height) {
    const Rect region = inside(wanted, width, height);
    if (region.width < kSmallestRegion || region.height < kSmallestRegion) {
        throw Error(ErrorKind::input, "The region holds less than " +
                                          std::to_string(kSmallestRegion) + " x " +
                                          std::to_string(kSmallestRegion) +
                                          " pixels of the picture. Draw it around the whole face.");
    }
    return region;
}

// A face that leaves the picture but for a few pixels is none that a recogniser could use.
void keep_inside(Choice& choice, int width, int height) {
    std::erase_if(choice.faces, [&](const ChosenFace& chosen) {
        if (face_region(chosen.face, width, height)) return false;
        choice.notes.push_back(outside_note(chosen.index));
        return true;
    });
    if (choice.faces.empty()) {
        throw Error(ErrorKind::no_face,
                    "What was found of a face lies almost wholly outside the picture, so nothing "
                    "was changed. Mark the face with a region, from forehead to chin, and cloak "
                    "again.");
    }
}

void keep_selected(Choice& choice, const MaskView& selection, int width, int height) {
    if (selection.data == nullptr || choice.faces.empty()) return;
    const std::size_t before = choice.faces.size();
    std::erase_if(choice.faces, [&](const ChosenFace& chosen) {
        const Rect box = pixels_of(chosen.face, width, height);
        const double share = box.width > 0 && box.height > 0 ? selected_share(box, selection) : 0;
        const std::string name = "Face " + std::to_string(chosen.index);
        if (share < kUnselected) {
            choice.notes.push_back(name + " lies outside the selection and was left unchanged.");
            return true;
        }
        if (share < kWhollySelected) {
            choice.notes.push_back(name +
                                   " is only partly selected; what is outside the selection "
                                   "keeps helping recognisers.");
        }
        return false;
    });
    if (choice.faces.empty()) {
        throw Error(ErrorKind::no_face,
                    "The selection covers none of the " + std::to_string(before) +
                        (before == 1 ? " face" : " faces") +
                        " found. Select a face, or select nothing to cloak every face.");
    }
}

}  // namespace

std::string outside_note(int index) {
    return "Face " + std::to_string(index) +
           " lies almost wholly outside the picture and was left out.";
}

Choice choose_faces(const std::vector<Face>& found, const Options& options,
                    const MaskView& selection, int width, int height) {
    Choice choice;
    choice.faces = named_faces(found, options);
    if (options.region) {
        const Rect region = checked_region(*options.region, width, height);
        std::erase_if(choice.faces, [&](const ChosenFace& chosen) {
            return !centre_inside(chosen.face, region);
        });
        if (choice.faces.empty()) {
            const bool others = std::any_of(found.begin(), found.end(), [&](const Face& face) {
                return centre_inside(face, region);
            });
            if (others) {
                throw Error(ErrorKind::input,
                            "The faces in the region are not among those chosen, so nothing was "
                            "changed. Choose one of them, or another region.");
            }
            choice.faces.push_back(
                {face::face_from_region(region), static_cast<int>(found.size())});
            choice.notes.emplace_back(
                "No face was found in the region, so the region itself was taken as the face. Draw "
                "it tightly around the face, from forehead to chin.");
        }
    }
    if (choice.faces.empty()) {
        throw Error(
            ErrorKind::no_face,
            "No face was found in the picture, so nothing was changed. Mark the face with a "
            "region, from forehead to chin, and cloak again.");
    }
    keep_inside(choice, width, height);
    keep_selected(choice, selection, width, height);
    return choice;
}

}  // namespace lowkey::cloak
