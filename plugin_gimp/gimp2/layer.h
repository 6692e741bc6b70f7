// A layer of GIMP 2.10: its pixels and selection in, new pixels back as one undo step.
#pragma once

#include <libgimp/gimp.h>

#include "shared/layer_job.h"

namespace lowkey::gimp {

struct Layer {
    gint32 image = -1, drawable = -1;
};

// Throws Error(input) for what cannot be cloaked: a mask, a group, a locked or indexed layer.
Form check_layer(const Layer& layer);

Picture read_layer(const Layer& layer, const Form& form);
Selection read_layer_selection(const Layer& layer);

// `before` is what read_layer() gave. One undo step; no step where nothing changed.
void write_layer(const Layer& layer, const Form& form, const PictureView& before,
                 const PictureView& after);

}  // namespace lowkey::gimp
