#include "shared/messages.h"

#include <glib.h>

#include <algorithm>
#include <cmath>

#include "lowkey/options.h"

namespace lowkey::gimp {
namespace {

// printf-style text as a std::string; the format comes from a translation.
template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char* made = g_strdup_printf(pattern, values...);
    std::string text = made;
    g_free(made);
    return text;
}

}  // namespace

bool bind_translations(const std::filesystem::path& program) {
    std::error_code ignored;
    const auto beside = program.parent_path() / "locale";
    const bool own = std::filesystem::is_directory(beside, ignored);
    bindtextdomain(kDomain, own ? beside.c_str() : LOWKEY_LOCALE_FOLDER);
    bind_textdomain_codeset(kDomain, "UTF-8");
    return own;
}

std::string unknown_preset(const std::string& given) {
    return format(_("There is no preset \"%s\". Use light, balanced, strong or paper."),
                  given.c_str());
}

std::string unreadable_faces(const std::string& given) {
    return format(
        _("The faces \"%s\" cannot be read. Give numbers from 0 with commas between them, "
          "such as \"0,2\", or nothing for all faces."),
        given.c_str());
}

std::string unreadable_region(const std::string& given) {
    return format(
        _("The region \"%s\" cannot be read. Give x,y,width,height in pixels of the layer, "
          "such as \"40,60,200,240\", or nothing for the whole layer."),
        given.c_str());
}

std::string wrong_number_of_arguments(int given, int wanted) {
    return format(_("plug-in-lowkey takes %d arguments and got %d."), wanted, given);
}

std::string indexed_layer() {
    return _("Cannot operate on indexed color images. Use Image, Mode, RGB first.");
}

std::string no_memory() {
    return _("There is not enough memory for this layer. Close other programs and try again.");
}

std::string not_a_layer() {
    return _(
        "LowKey changes layers, not masks or channels. Click the layer itself in the Layers "
        "dialog and run LowKey again.");
}

std::string layer_group() {
    return _("LowKey cannot change a layer group. Choose a layer in it and run LowKey again.");
}

std::string locked_layer() {
    return _(
        "The pixels of this layer are locked. Unlock them in the Layers dialog and run LowKey "
        "again.");
}

std::string layer_changed() {
    return _(
        "The layer was changed while LowKey worked, so the result no longer fits and was dropped. "
        "Run LowKey again.");
}

std::string selection_outside() {
    return _(
        "The selection does not touch this layer, so there is nothing to do. Select the face or "
        "select nothing.");
}

std::string faces_outside_selection() {
    return _("The chosen faces lie outside the selection. Choose other faces or select nothing.");
}

std::string no_face_anywhere() {
    return _(
        "No face was found and nothing was changed. Draw a selection around the face, with a "
        "little of its surroundings, and run LowKey again.");
}

std::string region_stands_in() {
    return _("No face was found in the selection, so the selection itself was taken as the face.");
}

std::string face_label(const Face& face, int index) {
    if (face.from_region) return _("The selection, taken as a face");
    return format(_("Face %d (%d × %d px)"), index, static_cast<int>(std::lround(face.width)),
                  static_cast<int>(std::lround(face.height)));
}

std::string preview_summary(const Report& report) {
    double highest = -1;
    for (const FaceReport& face : report.faces) {
        for (const Similarity& similarity : face.similarities) {
            highest = std::max(highest, similarity.after);
        }
    }
    if (highest < -0.999) return {};
    return format(
        _("Likeness to the clean face, as the recognisers here see it: 1.00 before, at most "
          "%.2f after."),
        highest);
}

std::string help_text() {
    std::string text = _(
        "LowKey changes the faces in a photo by amounts that people hardly see and that lead face "
        "recognition astray. Use it on a copy that you are about to post.\n\n"
        "Preset: sets strength and iterations. \"As published\" is the recipe of the paper of "
        "2021.\n"
        "Strength: how far pixels may move. More protects more and shows more.\n"
        "Iterations: how long to search. More takes longer and protects a little more.\n"
        "Faces: click a face in the picture, or use the list, to leave it out or take it in.\n"
        "Before and after: drag the line to compare, drag the picture to move it.\n\n"
        "If a face is not found, close this window, draw a selection around the face and open "
        "LowKey again. With a selection, only faces whose middle is in it are changed, and soft "
        "edges "
        "are kept.\n\n"
        "Everything is computed on this computer. Nothing is sent anywhere.");
    text += "\n\n";
    text += honest_notice();
    return text;
}

}  // namespace lowkey::gimp
