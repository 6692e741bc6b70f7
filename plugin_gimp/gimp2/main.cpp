// The procedure plug-in-lowkey of GIMP 2.10: registration, run modes, last values, errors.
#include <libgimp/gimp.h>

#include <exception>
#include <new>

#include "gimp2/dialog.h"
#include "gimp2/layer.h"
#include "lowkey/error.h"
#include "shared/messages.h"
#include "shared/status_bar.h"

namespace lowkey::gimp {
namespace {

std::string program;  // argv[0], to find the translations beside it

constexpr gint kArguments = 9;

// What "repeat" uses. The faces and the region are not kept: on the next photo the same numbers
// would mean other people, and someone would stay unprotected without a word.
struct LastValues {
    gint32 strength, iterations, preset, seed;
};

void remember(const Settings& settings) {
    const Options options = to_options(settings);
    const LastValues values = {effective_strength(options), effective_iterations(options),
                               static_cast<gint32>(settings.preset),
                               static_cast<gint32>(settings.seed)};
    gimp_set_data(kProcedure, &values, sizeof values);
}

Settings recall() {
    Settings settings;
    LastValues values = {};
    if (gimp_get_data_size(kProcedure) != static_cast<gint>(sizeof values)) return settings;
    if (!gimp_get_data(kProcedure, &values)) return settings;
    settings.strength = values.strength;
    settings.iterations = values.iterations;
    settings.preset = static_cast<Preset>(values.preset);
    settings.seed = static_cast<std::uint64_t>(values.seed);
    return settings;
}

Settings given(const GimpParam* values) {
    Arguments arguments;
    arguments.strength = values[3].data.d_int32;
    arguments.iterations = values[4].data.d_int32;
    arguments.preset = values[5].data.d_string ? values[5].data.d_string : "";
    arguments.seed = values[6].data.d_int32;
    arguments.faces = values[7].data.d_string ? values[7].data.d_string : "";
    arguments.region = values[8].data.d_string ? values[8].data.d_string : "";
    return parse(arguments);
}

// False if the person cancelled the dialog.
bool cloak_layer(GimpRunMode mode, const GimpParam* values, gint count) {
    const Layer layer = {values[1].data.d_image, values[2].data.d_drawable};
    if (mode == GIMP_RUN_NONINTERACTIVE && count != kArguments) {
        throw Error(ErrorKind::input, wrong_number_of_arguments(count, kArguments));
    }
    Settings settings = mode == GIMP_RUN_NONINTERACTIVE ? given(values) : recall();
    gegl_init(nullptr, nullptr);
    const Form form = check_layer(layer);
    LayerJob job(std::make_shared<Client>(), read_layer(layer, form), read_layer_selection(layer));
    if (mode == GIMP_RUN_INTERACTIVE) {
        const auto answer = ask_settings(job, settings);
        if (!answer) return false;
        settings = *answer;
    }
    StatusBar bar;
    const Result result = job.cloak(settings, [&](const Progress& now) { return bar.show(now); });
    write_layer(layer, form, job.picture().view(), result->picture.view());
    for (const std::string& note : result->report.notes) g_message("%s", note.c_str());
    if (mode != GIMP_RUN_NONINTERACTIVE) gimp_displays_flush();
    remember(settings);
    return true;
}

void query() {
    static const GimpParamDef arguments[kArguments] = {
        {GIMP_PDB_INT32, const_cast<gchar*>("run-mode"), const_cast<gchar*>("The run mode")},
        {GIMP_PDB_IMAGE, const_cast<gchar*>("image"), const_cast<gchar*>("The image")},
        {GIMP_PDB_DRAWABLE, const_cast<gchar*>("drawable"), const_cast<gchar*>("The layer")},
        {GIMP_PDB_INT32, const_cast<gchar*>("strength"), const_cast<gchar*>(kStrengthHelp)},
        {GIMP_PDB_INT32, const_cast<gchar*>("iterations"), const_cast<gchar*>(kIterationsHelp)},
        {GIMP_PDB_STRING, const_cast<gchar*>("preset"), const_cast<gchar*>(kPresetHelp)},
        {GIMP_PDB_INT32, const_cast<gchar*>("seed"), const_cast<gchar*>(kSeedHelp)},
        {GIMP_PDB_STRING, const_cast<gchar*>("faces"), const_cast<gchar*>(kFacesHelp)},
        {GIMP_PDB_STRING, const_cast<gchar*>("region"), const_cast<gchar*>(kRegionHelp)},
    };
    bind_translations(program);
    gimp_plugin_domain_register(kDomain, bindtextdomain(kDomain, nullptr));
    gimp_install_procedure(kProcedure, kBlurb, kHelp, "The LowKey authors", "GPL-3.0-or-later",
                           "2026", kMenuLabel, "RGB*, GRAY*", GIMP_PLUGIN, kArguments, 0, arguments,
                           nullptr);
    gimp_plugin_menu_register(kProcedure, kMenuPath);
}

void run(const gchar*, gint count, const GimpParam* values, gint* answer_count,
         GimpParam** answer) {
    static GimpParam answers[2];
    static std::string message;
    answers[0].type = GIMP_PDB_STATUS;
    answers[0].data.d_status = GIMP_PDB_EXECUTION_ERROR;
    *answer = answers;
    *answer_count = 1;
    try {
        bind_translations(program);
        const auto mode = static_cast<GimpRunMode>(values[0].data.d_int32);
        answers[0].data.d_status =
            cloak_layer(mode, values, count) ? GIMP_PDB_SUCCESS : GIMP_PDB_CANCEL;
        return;
    } catch (const Error& error) {
        if (error.kind == ErrorKind::cancelled) answers[0].data.d_status = GIMP_PDB_CANCEL;
        message = error.what();
    } catch (const std::bad_alloc&) {
        message = no_memory();
    } catch (const std::exception& error) {
        message = error.what();
    }
    answers[1].type = GIMP_PDB_STRING;
    answers[1].data.d_string = message.data();
    *answer_count = 2;
}

}  // namespace
}  // namespace lowkey::gimp

const GimpPlugInInfo PLUG_IN_INFO = {nullptr, nullptr, lowkey::gimp::query, lowkey::gimp::run};

int main(int argc, char* argv[]) {
    lowkey::gimp::program = argv[0];
    return gimp_main(&PLUG_IN_INFO, argc, argv);
}
