#include "gimp2/dialog.h"

#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

#include "shared/guard.h"
#include "shared/help_window.h"
#include "shared/messages.h"
#include "shared/panel.h"

namespace lowkey::gimp {
namespace {

constexpr int kScaleWidth = 320, kEntryWidth = 4;

// Preset, strength and iterations.
class Controls {
  public:
    Controls(const Settings& start, Panel& panel) : settings_(start), panel_(panel) {
        table_ = gtk_table_new(3, 3, FALSE);
        gtk_table_set_col_spacings(GTK_TABLE(table_), 6);
        gtk_table_set_row_spacings(GTK_TABLE(table_), 6);
        preset_ = gtk_combo_box_text_new();
        for (const Preset preset : kPresets) {
            const std::string label(preset_defaults(preset).label);
            gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(preset_), _(label.c_str()));
        }
        gtk_combo_box_set_active(GTK_COMBO_BOX(preset_), static_cast<int>(start.preset));
        gimp_table_attach_aligned(GTK_TABLE(table_), 0, 0, _("P_reset:"), 0, .5, preset_, 2, TRUE);
        const Options options = to_options(start);
        strength_ =
            scale(1, _("_Strength:"), effective_strength(options), kMinStrength, kMaxStrength,
                  _("How far pixels may move: more protects more and shows more"));
        iterations_ = scale(2, _("_Iterations:"), effective_iterations(options), kMinIterations,
                            kMaxIterations, _("How long to search: more takes longer"));
        g_signal_connect_swapped(preset_, "changed", G_CALLBACK(preset_chosen), this);
        g_signal_connect_swapped(strength_, "value-changed", G_CALLBACK(value_changed), this);
        g_signal_connect_swapped(iterations_, "value-changed", G_CALLBACK(value_changed), this);
    }
    Controls(const Controls&) = delete;
    Controls& operator=(const Controls&) = delete;

    GtkWidget* widget() const { return table_; }

  private:
    GtkAdjustment* scale(int row, const char* label, int value, int low, int high,
                         const char* tip) {
        return GTK_ADJUSTMENT(gimp_scale_entry_new(GTK_TABLE(table_), 0, row, label, kScaleWidth,
                                                   kEntryWidth, value, low, high, 1, 10, 0, TRUE, 0,
                                                   0, tip, nullptr));
    }

    static void preset_chosen(Controls* self) {
        guarded([&] {
            self->settings_.preset =
                kPresets[gtk_combo_box_get_active(GTK_COMBO_BOX(self->preset_))];
            const PresetDefaults& defaults = preset_defaults(self->settings_.preset);
            gtk_adjustment_set_value(self->strength_, defaults.strength);
            gtk_adjustment_set_value(self->iterations_, defaults.iterations);
            value_changed(self);
        });
    }

    static void value_changed(Controls* self) {
        guarded([&] {
            self->settings_.strength = static_cast<int>(gtk_adjustment_get_value(self->strength_));
            self->settings_.iterations =
                static_cast<int>(gtk_adjustment_get_value(self->iterations_));
            self->panel_.change(self->settings_);
        });
    }

    Settings settings_;
    Panel& panel_;
    GtkWidget* table_ = nullptr;
    GtkWidget* preset_ = nullptr;
    GtkAdjustment* strength_ = nullptr;
    GtkAdjustment* iterations_ = nullptr;
};

}  // namespace

std::optional<Settings> ask_settings(LayerJob& job, const Settings& start) {
    gimp_ui_init("lowkey", FALSE);
    GtkWidget* dialog =
        gimp_dialog_new(_("LowKey"), "lowkey", nullptr, GtkDialogFlags(0), show_help, kProcedure,
                        _("_Cancel"), GTK_RESPONSE_CANCEL, _("_OK"), GTK_RESPONSE_OK, nullptr);
    gtk_dialog_set_alternative_button_order(GTK_DIALOG(dialog), GTK_RESPONSE_OK,
                                            GTK_RESPONSE_CANCEL, -1);
    gimp_window_set_transient(GTK_WINDOW(dialog));

    std::optional<Settings> answer;
    {
        Panel panel(job, start, [dialog](bool can) {
            gtk_dialog_set_response_sensitive(GTK_DIALOG(dialog), GTK_RESPONSE_OK, can);
            if (can) gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_OK);
        });
        Controls controls(start, panel);
        GtkWidget* content = new_box(GTK_ORIENTATION_VERTICAL, 12);
        gtk_container_set_border_width(GTK_CONTAINER(content), 12);
        gtk_box_pack_start(GTK_BOX(content), panel.widget(), TRUE, TRUE, 0);
        gtk_box_pack_start(GTK_BOX(content), controls.widget(), FALSE, FALSE, 0);
        gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(GTK_DIALOG(dialog))), content, TRUE,
                           TRUE, 0);
        gtk_widget_show_all(content);
        if (gimp_dialog_run(GIMP_DIALOG(dialog)) == GTK_RESPONSE_OK) answer = panel.settings();
        // Widgets go before the objects that their signals lead to.
        gtk_widget_destroy(dialog);
    }
    return answer;
}

}  // namespace lowkey::gimp
