// GIMP's copy of a layer to write into. Compiled for each GIMP: 2.10 names a layer by a number, 3
// by an object; the calls are the same.
#pragma once

#include <libgimp/gimp.h>

#include "lowkey/error.h"
#include "shared/messages.h"

namespace lowkey::gimp {

// Freed again unless it is merged.
template <typename Drawable>
class Shadow {
  public:
    explicit Shadow(Drawable drawable) : drawable_(drawable) {}
    ~Shadow() {
        if (!merged_) gimp_drawable_free_shadow(drawable_);
    }
    Shadow(const Shadow&) = delete;
    Shadow& operator=(const Shadow&) = delete;
    // Throws Error(input) if GIMP refuses, as it does for a layer in a locked group.
    void merge() {
        if (!gimp_drawable_merge_shadow(drawable_, TRUE))
            throw Error(ErrorKind::input, locked_layer());
        merged_ = true;
    }

  private:
    Drawable drawable_;
    bool merged_ = false;
};

}  // namespace lowkey::gimp
