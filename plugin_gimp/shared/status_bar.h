// GIMP's progress bar, whose calls are the same in 2.10 and 3. Its Cancel button ends this process,
// and the worker with it.
#pragma once

#include <libgimp/gimp.h>

#include <cmath>
#include <string>

#include "lowkey/progress.h"
#include "shared/messages.h"

namespace lowkey::gimp {

class StatusBar {
  public:
    StatusBar() { gimp_progress_init(_("LowKey")); }
    ~StatusBar() { gimp_progress_end(); }
    StatusBar(const StatusBar&) = delete;
    StatusBar& operator=(const StatusBar&) = delete;

    // Each call is a message to GIMP: only what a person could see is sent.
    bool show(const Progress& now) {
        if (now.stage != stage_) gimp_progress_set_text((stage_ = now.stage).c_str());
        if (std::abs(now.fraction - fraction_) >= .005) {
            gimp_progress_update(fraction_ = now.fraction);
        }
        return true;
    }

  private:
    std::string stage_;
    double fraction_ = -1;
};

}  // namespace lowkey::gimp
