#pragma once

#include <glib.h>

namespace lowkey::gimp {

// A GimpHelpFunc that shows the help text in a window: nothing leads from it to the network.
void show_help(const gchar* help_id, gpointer data);

}  // namespace lowkey::gimp
