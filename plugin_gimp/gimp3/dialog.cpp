#include "gimp3/dialog.h"

#include <libgimp/gimpui.h>

#include "shared/guard.h"
#include "shared/help_window.h"
#include "shared/messages.h"
#include "shared/panel.h"

namespace lowkey::gimp {
namespace {

// Numbers in place of "the preset's", which a scale cannot show.
void fill_in(GimpProcedureConfig* config, bool always) {
    const Settings settings = settings_of(config);
    const PresetDefaults& defaults = preset_defaults(settings.preset);
    if (always || !settings.strength) g_object_set(config, "strength", defaults.strength, nullptr);
    if (always || !settings.iterations)
        g_object_set(config, "iterations", defaults.iterations, nullptr);
}

struct Watched {
    Panel& panel;
    GimpProcedureConfig* config;
    Preset preset;
    bool busy = false;  // our own changes come back as signals
};

void argument_changed(GimpProcedureConfig* config, GParamSpec*, gpointer data) {
    guarded([&] {
        auto* watched = static_cast<Watched*>(data);
        if (watched->busy) return;
        watched->busy = true;
        const Preset preset = settings_of(config).preset;
        fill_in(config, preset != watched->preset);
        watched->preset = preset;
        watched->panel.change(settings_of(config));
        watched->busy = false;
    });
}

}  // namespace

Settings settings_of(GimpProcedureConfig* config) {
    Arguments arguments;
    gchar *preset = nullptr, *faces = nullptr, *region = nullptr;
    g_object_get(config, "strength", &arguments.strength, "iterations", &arguments.iterations,
                 "seed", &arguments.seed, "preset", &preset, "faces", &faces, "region", &region,
                 nullptr);
    if (preset != nullptr) arguments.preset = preset;
    if (faces != nullptr) arguments.faces = faces;
    if (region != nullptr) arguments.region = region;
    g_free(preset);
    g_free(faces);
    g_free(region);
    return parse(arguments);
}

std::optional<Settings> ask_settings(LayerJob& job, GimpProcedure* procedure,
                                     GimpProcedureConfig* config) {
    gimp_ui_init("lowkey");
    fill_in(config, false);
    GtkWidget* dialog = GTK_WIDGET(g_object_new(
        GIMP_TYPE_PROCEDURE_DIALOG, "procedure", procedure, "config", config, "title", _("LowKey"),
        "role", "lowkey", "help-func", show_help, "help-id", kProcedure, nullptr));
    std::optional<Settings> answer;
    {
        Panel panel(job, settings_of(config), [dialog](bool can) {
            gtk_dialog_set_response_sensitive(GTK_DIALOG(dialog), GTK_RESPONSE_OK, can);
        });
        GtkWidget* content = gtk_dialog_get_content_area(GTK_DIALOG(dialog));
        gtk_container_set_border_width(GTK_CONTAINER(panel.widget()), 12);
        gtk_box_pack_start(GTK_BOX(content), panel.widget(), TRUE, TRUE, 0);
        gtk_box_reorder_child(GTK_BOX(content), panel.widget(), 0);
        gtk_widget_show_all(panel.widget());
        gimp_procedure_dialog_get_scale_entry(GIMP_PROCEDURE_DIALOG(dialog), "strength", 1.0);
        gimp_procedure_dialog_get_scale_entry(GIMP_PROCEDURE_DIALOG(dialog), "iterations", 1.0);
        gimp_procedure_dialog_fill(GIMP_PROCEDURE_DIALOG(dialog), "preset", "strength",
                                   "iterations", nullptr);

        Watched watched{panel, config, settings_of(config).preset};
        const gulong handler =
            g_signal_connect(config, "notify", G_CALLBACK(argument_changed), &watched);
        if (gimp_procedure_dialog_run(GIMP_PROCEDURE_DIALOG(dialog))) answer = panel.settings();
        g_signal_handler_disconnect(config, handler);
        // Widgets go before the objects that their signals lead to.
        gtk_widget_destroy(dialog);
    }
    return answer;
}

}  // namespace lowkey::gimp
