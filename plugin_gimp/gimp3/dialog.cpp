#include "gimp3/dialog.h"

#include <libgimp/gimpui.h>

#include "shared/guard.h"
#include "shared/help_window.h"
#include "shared/messages.h"
#include "shared/panel.h"

namespace lowkey::gimp {
namespace {

// The preset's numbers in place of "the preset's", which a scale cannot show, and, where another
// preset was chosen, of those that the one before it left. Other numbers than before came with the
// preset, from saved settings, and stay.
Settings fill_in(GimpProcedureConfig* config, const std::optional<Settings>& before) {
    const Settings now = settings_of(config);
    const PresetDefaults& defaults = preset_defaults(now.preset);
    const bool other = before && before->preset != now.preset;
    if (!now.strength || (other && now.strength == before->strength))
        g_object_set(config, "strength", defaults.strength, nullptr);
    if (!now.iterations || (other && now.iterations == before->iterations))
        g_object_set(config, "iterations", defaults.iterations, nullptr);
    return settings_of(config);
}

// GIMP keeps them for the next time: the preset's own numbers not, for another version may have
// better ones.
void forget_presets_numbers(GimpProcedureConfig* config) {
    const Settings chosen = settings_of(config);
    const PresetDefaults& defaults = preset_defaults(chosen.preset);
    if (chosen.strength == defaults.strength) g_object_set(config, "strength", -1, nullptr);
    if (chosen.iterations == defaults.iterations) g_object_set(config, "iterations", 0, nullptr);
}

struct Watched {
    Panel& panel;
    Settings shown;
    bool busy = false;  // our own changes come back as signals
};

void argument_changed(GimpProcedureConfig* config, GParamSpec*, gpointer data) {
    auto* watched = static_cast<Watched*>(data);
    if (watched->busy) return;
    watched->busy = true;
    guarded([&] {
        watched->shown = fill_in(config, watched->shown);
        watched->panel.change(watched->shown);
    });
    watched->busy = false;
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
    const Settings settings = fill_in(config, std::nullopt);
    GtkWidget* dialog = GTK_WIDGET(g_object_new(
        GIMP_TYPE_PROCEDURE_DIALOG, "procedure", procedure, "config", config, "title", _("LowKey"),
        "role", "lowkey", "help-func", show_help, "help-id", kProcedure, nullptr));
    std::optional<Settings> answer;
    {
        Panel panel(job, settings, [dialog](bool can) {
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

        Watched watched{panel, settings};
        const gulong handler =
            g_signal_connect(config, "notify", G_CALLBACK(argument_changed), &watched);
        if (gimp_procedure_dialog_run(GIMP_PROCEDURE_DIALOG(dialog))) answer = panel.settings();
        g_signal_handler_disconnect(config, handler);
        if (answer) forget_presets_numbers(config);
        // Widgets go before the objects that their signals lead to.
        gtk_widget_destroy(dialog);
    }
    return answer;
}

}  // namespace lowkey::gimp
