#pragma once

#include <optional>

#include "shared/layer_job.h"

namespace lowkey::gimp {

// Shows the dialog until it is answered; nothing if the person cancelled it.
std::optional<Settings> ask_settings(LayerJob& job, const Settings& start);

}  // namespace lowkey::gimp
