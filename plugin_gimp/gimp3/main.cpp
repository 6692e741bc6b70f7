// The procedure plug-in-lowkey of GIMP 3: registration, run modes, several layers, errors.
#include <libgimp/gimp.h>

#include <exception>
#include <memory>
#include <new>
#include <vector>

#include "gimp3/dialog.h"
#include "gimp3/layer.h"
#include "lowkey/error.h"
#include "shared/messages.h"
#include "shared/status_bar.h"

namespace lowkey::gimp {
namespace {

struct Work {
    GimpDrawable* layer;
    Form form;
    std::unique_ptr<LayerJob> job;
    Result result;
};

// The faces and the region of the last run are not used again: on the next photo the same numbers
// would mean other people, and someone would stay unprotected without a word.
void forget_places(GimpProcedureConfig* config) {
    g_object_set(config, "faces", "", "region", "", nullptr);
}

// False if the person cancelled the dialog. All layers are computed before the first is changed, so
// that an error leaves the image as it was.
bool cloak_layers(GimpProcedure* procedure, GimpRunMode mode, GimpImage* image,
                  GimpDrawable** layers, GimpProcedureConfig* config) {
    if (layers == nullptr || layers[0] == nullptr) throw Error(ErrorKind::input, not_a_layer());
    gegl_init(nullptr, nullptr);
    if (mode != GIMP_RUN_NONINTERACTIVE) forget_places(config);
    Settings settings = settings_of(config);
    const auto client = std::make_shared<Client>();
    std::vector<Work> works;
    for (; *layers != nullptr; ++layers) {
        const Form form = check_layer(*layers);
        works.push_back({*layers, form,
                         std::make_unique<LayerJob>(client, read_layer(*layers, form),
                                                    read_layer_selection(image, *layers)),
                         nullptr});
    }
    std::vector<int> first_faces = settings.faces;
    if (mode == GIMP_RUN_INTERACTIVE) {
        // The dialog shows the first layer; the faces chosen in it are faces of that layer only.
        const auto answer = ask_settings(*works.front().job, procedure, config);
        if (!answer) return false;
        settings = *answer;
        first_faces = settings.faces;
        settings.faces.clear();
    }
    StatusBar bar;
    for (std::size_t i = 0; i < works.size(); ++i) {
        Settings own = settings;
        if (i == 0) own.faces = first_faces;
        works[i].result = works[i].job->cloak(own, [&](const Progress& now) {
            const double done =
                (static_cast<double>(i) + now.fraction) / static_cast<double>(works.size());
            return bar.show({done, now.stage});
        });
    }
    {
        const UndoGroup group(image);
        for (const Work& work : works) {
            write_layer(image, work.layer, work.form, work.job->picture().view(),
                        work.result->picture.view());
        }
    }
    for (const Work& work : works) {
        for (const std::string& note : work.result->report.notes) g_message("%s", note.c_str());
    }
    if (mode != GIMP_RUN_NONINTERACTIVE) gimp_displays_flush();
    return true;
}

GimpValueArray* run(GimpProcedure* procedure, GimpRunMode mode, GimpImage* image,
                    GimpDrawable** layers, GimpProcedureConfig* config, gpointer) {
    std::string message;
    GimpPDBStatusType status = GIMP_PDB_EXECUTION_ERROR;
    try {
        status = cloak_layers(procedure, mode, image, layers, config) ? GIMP_PDB_SUCCESS
                                                                      : GIMP_PDB_CANCEL;
        return gimp_procedure_new_return_values(procedure, status, nullptr);
    } catch (const Error& error) {
        if (error.kind == ErrorKind::cancelled) status = GIMP_PDB_CANCEL;
        message = error.what();
    } catch (const std::bad_alloc&) {
        message = no_memory();
    } catch (const std::exception& error) {
        message = error.what();
    }
    return gimp_procedure_new_return_values(
        procedure, status, g_error_new_literal(gimp_plug_in_error_quark(), 0, message.c_str()));
}

void add_arguments(GimpProcedure* procedure) {
    GimpChoice* choice = gimp_choice_new();
    for (const Preset preset : kPresets) {
        const std::string name(preset_defaults(preset).name), label(preset_defaults(preset).label);
        gimp_choice_add(choice, name.c_str(), static_cast<int>(preset), _(label.c_str()), nullptr);
    }
    gimp_procedure_add_choice_argument(procedure, "preset", _("Pr_eset"), _(kPresetHelp), choice,
                                       "balanced", G_PARAM_READWRITE);
    gimp_procedure_add_int_argument(procedure, "strength", _("S_trength"), _(kStrengthHelp), -1,
                                    kMaxStrength, -1, G_PARAM_READWRITE);
    gimp_procedure_add_int_argument(procedure, "iterations", _("_Iterations"), _(kIterationsHelp),
                                    0, kMaxIterations, 0, G_PARAM_READWRITE);
    gimp_procedure_add_int_argument(procedure, "seed", _("Se_ed"), _(kSeedHelp), 0, G_MAXINT, 1,
                                    G_PARAM_READWRITE);
    gimp_procedure_add_string_argument(procedure, "faces", _("_Faces"), _(kFacesHelp), "",
                                       G_PARAM_READWRITE);
    gimp_procedure_add_string_argument(procedure, "region", _("Re_gion"), _(kRegionHelp), "",
                                       G_PARAM_READWRITE);
}

}  // namespace
}  // namespace lowkey::gimp

// GObject's macros make C functions of these names.
struct _LowKey {
    GimpPlugIn parent_instance;
};
G_DECLARE_FINAL_TYPE(LowKey, lowkey, LOW, KEY, GimpPlugIn)
G_DEFINE_TYPE(LowKey, lowkey, GIMP_TYPE_PLUG_IN)

static GList* lowkey_query(GimpPlugIn*) {
    return g_list_append(nullptr, g_strdup(lowkey::gimp::kProcedure));
}

static GimpProcedure* lowkey_create(GimpPlugIn* plug_in, const gchar* name) {
    using namespace lowkey::gimp;
    GimpProcedure* procedure =
        gimp_image_procedure_new(plug_in, name, GIMP_PDB_PROC_TYPE_PLUGIN, run, nullptr, nullptr);
    gimp_procedure_set_image_types(procedure, "RGB*, GRAY*");
    gimp_procedure_set_sensitivity_mask(
        procedure, GIMP_PROCEDURE_SENSITIVE_DRAWABLE | GIMP_PROCEDURE_SENSITIVE_DRAWABLES);
    gimp_procedure_set_menu_label(procedure, _(kMenuLabel));
    gimp_procedure_add_menu_path(procedure, kMenuPath);
    gimp_procedure_set_documentation(procedure, _(kBlurb), _(kHelp), kProcedure);
    gimp_procedure_set_attribution(procedure, "The LowKey authors", "GPL-3.0-or-later", "2026");
    add_arguments(procedure);
    return procedure;
}

// GIMP warns at every start where the plug-in's own folder has no translations, as in packages.
static gboolean lowkey_set_i18n(GimpPlugIn*, const gchar*, gchar** domain, gchar**) {
    if (!lowkey::gimp::bind_translations(gimp_get_progname())) return FALSE;
    *domain = g_strdup(lowkey::gimp::kDomain);
    return TRUE;
}

static void lowkey_class_init(LowKeyClass* type) {
    GimpPlugInClass* plug_in = GIMP_PLUG_IN_CLASS(type);
    plug_in->query_procedures = lowkey_query;
    plug_in->create_procedure = lowkey_create;
    plug_in->set_i18n = lowkey_set_i18n;
}

static void lowkey_init(LowKey*) {}

GIMP_MAIN(lowkey_get_type())
