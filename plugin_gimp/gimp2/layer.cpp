#include "gimp2/layer.h"

#include "lowkey/error.h"
#include "shared/messages.h"
#include "shared/shadow.h"

namespace lowkey::gimp {
namespace {

// Takes the selection away while it lives. The soft edge is already in the pixels, because the
// optimiser has to know it; merging through the selection would apply it a second time.
class WithoutSelection {
  public:
    explicit WithoutSelection(const Layer& layer) : image_(layer.image) {
        if (gimp_selection_is_empty(image_)) return;
        active_ = gimp_image_get_active_layer(image_);
        saved_ = gimp_selection_save(image_);
        gimp_selection_none(image_);
    }
    ~WithoutSelection() {
        if (saved_ == -1) return;
        gimp_image_select_item(image_, GIMP_CHANNEL_OP_REPLACE, saved_);
        gimp_image_remove_channel(image_, saved_);
        if (active_ != -1) gimp_image_set_active_layer(image_, active_);
    }
    WithoutSelection(const WithoutSelection&) = delete;
    WithoutSelection& operator=(const WithoutSelection&) = delete;

  private:
    gint32 image_, active_ = -1, saved_ = -1;
};

class UndoGroup {
  public:
    explicit UndoGroup(gint32 image) : image_(image) { gimp_image_undo_group_start(image_); }
    ~UndoGroup() { gimp_image_undo_group_end(image_); }
    UndoGroup(const UndoGroup&) = delete;
    UndoGroup& operator=(const UndoGroup&) = delete;

  private:
    gint32 image_;
};

}  // namespace

Form check_layer(const Layer& layer) {
    if (!gimp_item_is_layer(layer.drawable)) throw Error(ErrorKind::input, not_a_layer());
    if (gimp_item_is_group(layer.drawable)) throw Error(ErrorKind::input, layer_group());
    if (gimp_item_get_lock_content(layer.drawable)) throw Error(ErrorKind::input, locked_layer());
    const Buffer buffer(gimp_drawable_get_buffer(layer.drawable));
    return form_of(gegl_buffer_get_format(buffer.get()));
}

Picture read_layer(const Layer& layer, const Form& form) {
    const Buffer buffer(gimp_drawable_get_buffer(layer.drawable));
    return read(buffer.get(), form);
}

Selection read_layer_selection(const Layer& layer) {
    if (gimp_selection_is_empty(layer.image)) return {};
    gint x = 0, y = 0;
    gimp_drawable_offsets(layer.drawable, &x, &y);
    const Buffer mask(gimp_drawable_get_buffer(gimp_image_get_selection(layer.image)));
    return read_selection(mask.get(), x, y, gimp_drawable_width(layer.drawable),
                          gimp_drawable_height(layer.drawable));
}

void write_layer(const Layer& layer, const Form& form, const PictureView& before,
                 const PictureView& after) {
    if (!gimp_item_is_valid(layer.drawable)) throw Error(ErrorKind::input, layer_changed());
    Buffer source(gimp_drawable_get_buffer(layer.drawable));
    Shadow copy(layer.drawable);
    Buffer shadow(gimp_drawable_get_shadow_buffer(layer.drawable));
    gegl_buffer_copy(source.get(), nullptr, GEGL_ABYSS_NONE, shadow.get(), nullptr);
    const Rect changed = write_changes(shadow.get(), form, before, after);
    gegl_buffer_flush(shadow.get());
    source.reset();
    shadow.reset();
    if (changed.width == 0) return;
    const UndoGroup group(layer.image);
    const WithoutSelection none(layer);
    copy.merge();
    gimp_drawable_update(layer.drawable, changed.x, changed.y, changed.width, changed.height);
}

}  // namespace lowkey::gimp
