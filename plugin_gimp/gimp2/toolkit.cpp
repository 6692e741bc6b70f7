#include "shared/toolkit.h"

namespace lowkey::gimp {
namespace {

struct Drawing {
    Draw draw;
    void* data;
};

gboolean expose(GtkWidget* widget, GdkEventExpose* event, gpointer data) {
    const auto* drawing = static_cast<Drawing*>(data);
    cairo_t* cairo = gdk_cairo_create(gtk_widget_get_window(widget));
    gdk_cairo_region(cairo, event->region);
    cairo_clip(cairo);
    drawing->draw(widget, cairo, drawing->data);
    cairo_destroy(cairo);
    return TRUE;
}

}  // namespace

GtkWidget* new_box(GtkOrientation orientation, int spacing) {
    return orientation == GTK_ORIENTATION_HORIZONTAL ? gtk_hbox_new(FALSE, spacing)
                                                     : gtk_vbox_new(FALSE, spacing);
}

void on_draw(GtkWidget* widget, Draw draw, void* data) {
    const auto destroy =
        +[](gpointer drawing, GClosure*) { delete static_cast<Drawing*>(drawing); };
    g_signal_connect_data(widget, "expose-event", G_CALLBACK(expose), new Drawing{draw, data},
                          destroy, GConnectFlags(0));
}

void align_left(GtkWidget* label) {
    gtk_misc_set_alignment(GTK_MISC(label), 0, 0);
}

}  // namespace lowkey::gimp
