#include "shared/toolkit.h"

namespace lowkey::gimp {
namespace {

struct Drawing {
    Draw draw;
    void* data;
};

gboolean draw_signal(GtkWidget* widget, cairo_t* cairo, gpointer data) {
    const auto* drawing = static_cast<Drawing*>(data);
    drawing->draw(widget, cairo, drawing->data);
    return TRUE;
}

}  // namespace

GtkWidget* new_box(GtkOrientation orientation, int spacing) {
    return gtk_box_new(orientation, spacing);
}

void on_draw(GtkWidget* widget, Draw draw, void* data) {
    const auto destroy =
        +[](gpointer drawing, GClosure*) { delete static_cast<Drawing*>(drawing); };
    g_signal_connect_data(widget, "draw", G_CALLBACK(draw_signal), new Drawing{draw, data}, destroy,
                          GConnectFlags(0));
}

void align_left(GtkWidget* label) {
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_yalign(GTK_LABEL(label), 0);
}

}  // namespace lowkey::gimp
