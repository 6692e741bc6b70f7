#include "shared/help_window.h"

#include <gtk/gtk.h>

#include "shared/guard.h"
#include "shared/messages.h"

namespace lowkey::gimp {

void show_help(const gchar*, gpointer) {
    guarded([] {
        GtkWidget* window = gtk_message_dialog_new(nullptr, GTK_DIALOG_MODAL, GTK_MESSAGE_INFO,
                                                   GTK_BUTTONS_CLOSE, "%s", help_text().c_str());
        gtk_window_set_title(GTK_WINDOW(window), _("LowKey help"));
        gtk_dialog_run(GTK_DIALOG(window));
        gtk_widget_destroy(window);
    });
}

}  // namespace lowkey::gimp
