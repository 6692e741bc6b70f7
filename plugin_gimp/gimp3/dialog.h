#pragma once

#include <libgimp/gimp.h>

#include <optional>

#include "shared/layer_job.h"

namespace lowkey::gimp {

// GIMP's own dialog for the procedure's arguments with our faces and preview in it. The answer has
// the chosen faces; `config` does not. Nothing if the person cancelled it.
std::optional<Settings> ask_settings(LayerJob& job, GimpProcedure* procedure,
                                     GimpProcedureConfig* config);

// The arguments of `config`; throws Error(input).
Settings settings_of(GimpProcedureConfig* config);

}  // namespace lowkey::gimp
