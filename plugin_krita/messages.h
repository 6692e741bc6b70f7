// What the person is told outside the dialog, in the window and on the standard error output, where
// scripts and command-line exports see it. Callable from any thread.
#pragma once

#include <QString>

namespace lowkey::krita {

// Of a layer without pixels, or a mask.
QString nothing_to_cloak();

// Of "apply again" with faces or a selection.
QString chosen_elsewhere();

QString no_memory();

// An update of a layer fails once a patch, with one text.
enum class Repeats { told, dropped };

// A message box, once for the same text until it is closed.
void tell_failure(const QString& text, Repeats repeats = Repeats::told);

// A message that floats over the picture and goes by itself.
void tell_briefly(const QString& text);

// The window's status bar, for so long; empty clears it.
void show_status(const QString& text, int seconds = 5);

}  // namespace lowkey::krita
