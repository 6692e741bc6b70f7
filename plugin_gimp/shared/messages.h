// Every sentence that both GIMPs show, and the translation domain they come from.
#pragma once

#include <libintl.h>

#include <filesystem>
#include <string>

#include "lowkey/report.h"

#define _(text) dgettext("lowkey", text)
#define N_(text) text

namespace lowkey::gimp {

inline constexpr char kDomain[] = "lowkey";
inline constexpr char kProcedure[] = "plug-in-lowkey";
inline constexpr char kMenuLabel[] = N_("LowKe_y...");
inline constexpr char kMenuPath[] = "<Image>/Filters/Privacy";
inline constexpr char kBlurb[] =
    N_("Change faces so that people see the same picture and face recognition does not find the "
       "person");
inline constexpr char kHelp[] =
    N_("Works on the layer, within the selection. All computation is done on this computer by the "
       "'lowkey' command; nothing is sent anywhere. A cloak lowers the odds of being recognised, "
       "it guarantees nothing.");
inline constexpr char kStrengthHelp[] = N_("Strength, 0 to 100; -1 takes the preset's");
inline constexpr char kIterationsHelp[] = N_("Iterations, 1 to 500; 0 takes the preset's");
inline constexpr char kPresetHelp[] = N_("\"light\", \"balanced\", \"strong\" or \"paper\"");
inline constexpr char kSeedHelp[] = N_("Same seed, picture and settings: same pixels");
inline constexpr char kFacesHelp[] =
    N_("Which faces, numbered from 0, the largest first: \"0,2\"; \"\" for all");
inline constexpr char kRegionHelp[] =
    N_("Where to look, in pixels of the layer: \"x,y,width,height\"; \"\" for everywhere");

// Binds the domain to the folder `locale` beside the plug-in, else to the system's. Whether the
// first.
bool bind_translations(const std::filesystem::path& program);

std::string unknown_preset(const std::string& given);
std::string unreadable_faces(const std::string& given);
std::string unreadable_region(const std::string& given);
std::string wrong_number_of_arguments(int given, int wanted);
std::string indexed_layer();
std::string no_memory();
std::string not_a_layer();
std::string layer_group();
std::string locked_layer();
std::string layer_changed();
std::string selection_outside();
std::string faces_outside_selection();
std::string no_face_anywhere();
std::string region_stands_in();

// "Face 0 (120 × 140 px)", counted as in the notes of a report and in scripts.
std::string face_label(const Face& face, int index);
// One line on what a preview measured, for the status line.
std::string preview_summary(const Report& report);
// The text behind the Help button: local, a screenful.
std::string help_text();

}  // namespace lowkey::gimp
