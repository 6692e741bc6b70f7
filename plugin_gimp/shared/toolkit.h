// The few calls of GTK that GTK 2 and GTK 3 spell differently; each GIMP's folder has its own
// toolkit.cpp.
#pragma once

#include <gtk/gtk.h>

namespace lowkey::gimp {

GtkWidget* new_box(GtkOrientation orientation, int spacing);

// `draw` gets the widget's own coordinates.
using Draw = void (*)(GtkWidget* widget, cairo_t* cairo, void* data);
void on_draw(GtkWidget* widget, Draw draw, void* data);

void align_left(GtkWidget* label);

}  // namespace lowkey::gimp
