// The filter's parameters as Krita stores them in a document, and as the core takes them.
#pragma once

#include <kis_filter_configuration.h>

#include <QString>

#include "lowkey/options.h"

namespace lowkey::krita {

inline constexpr char kFilterId[] = "lowkey";

struct Settings {
    Options options;
    // The open dialog that made this configuration and how often its controls had changed by then,
    // so that a later change cancels this computation and no other. Empty: no dialog.
    QString dialog;
    int generation = 0;
    // Name of the pixels that the dialog's faces and region were chosen on: Krita's "apply again"
    // brings them to any picture. Empty: a layer's, or not from a dialog.
    QString picture;
};

Settings read_settings(const KisPropertiesConfiguration& configuration);
void write_settings(const Settings& settings, KisPropertiesConfiguration& configuration);
// What a script or a dialog begins with and changes: without strength and iterations where they are
// the preset's, so that they follow another preset.
void write_start(const Options& options, KisPropertiesConfiguration& configuration);

// What the dialog starts with: as last used (faces and region belong to one picture and are not
// kept).
Options remembered_options();
void remember(const Options& options);

}  // namespace lowkey::krita
