// A layer of GIMP 3: its pixels and selection in, new pixels back. The caller opens the undo group.
#pragma once

#include <libgimp/gimp.h>

#include "shared/layer_job.h"

namespace lowkey::gimp {

// Throws Error(input) for what cannot be cloaked: a mask, a group, a locked or indexed layer.
Form check_layer(GimpDrawable* layer);

Picture read_layer(GimpDrawable* layer, const Form& form);
Selection read_layer_selection(GimpImage* image, GimpDrawable* layer);

// `before` is what read_layer() gave. Nothing is done where nothing changed.
void write_layer(GimpImage* image, GimpDrawable* layer, const Form& form, const PictureView& before,
                 const PictureView& after);

class UndoGroup {
  public:
    explicit UndoGroup(GimpImage* image) : image_(image) { gimp_image_undo_group_start(image_); }
    ~UndoGroup() { gimp_image_undo_group_end(image_); }
    UndoGroup(const UndoGroup&) = delete;
    UndoGroup& operator=(const UndoGroup&) = delete;

  private:
    GimpImage* image_;
};

}  // namespace lowkey::gimp
