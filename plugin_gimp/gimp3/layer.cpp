#include "gimp3/layer.h"

#include "lowkey/error.h"
#include "shared/messages.h"
#include "shared/shadow.h"

namespace lowkey::gimp {
namespace {

// Takes the selection away while it lives. The soft edge is already in the pixels, because the
// optimiser has to know it; merging through the selection would apply it a second time.
class WithoutSelection {
  public:
    explicit WithoutSelection(GimpImage* image) : image_(image) {
        if (gimp_selection_is_empty(image_)) return;
        layers_ = gimp_image_get_selected_layers(image_);
        saved_ = GIMP_CHANNEL(gimp_selection_save(image_));
        gimp_selection_none(image_);
    }
    ~WithoutSelection() {
        if (saved_ == nullptr) return;
        gimp_image_select_item(image_, GIMP_CHANNEL_OP_REPLACE, GIMP_ITEM(saved_));
        gimp_image_remove_channel(image_, saved_);
        gimp_image_set_selected_layers(image_, const_cast<const GimpLayer**>(layers_));
        g_free(layers_);
    }
    WithoutSelection(const WithoutSelection&) = delete;
    WithoutSelection& operator=(const WithoutSelection&) = delete;

  private:
    GimpImage* image_;
    GimpLayer** layers_ = nullptr;
    GimpChannel* saved_ = nullptr;
};

}  // namespace

Form check_layer(GimpDrawable* layer) {
    if (!GIMP_IS_LAYER(layer)) throw Error(ErrorKind::input, not_a_layer());
    if (gimp_item_is_group(GIMP_ITEM(layer))) throw Error(ErrorKind::input, layer_group());
    if (gimp_item_get_lock_content(GIMP_ITEM(layer))) throw Error(ErrorKind::input, locked_layer());
    const Buffer buffer(gimp_drawable_get_buffer(layer));
    return form_of(gegl_buffer_get_format(buffer.get()));
}

Picture read_layer(GimpDrawable* layer, const Form& form) {
    const Buffer buffer(gimp_drawable_get_buffer(layer));
    return read(buffer.get(), form);
}

Selection read_layer_selection(GimpImage* image, GimpDrawable* layer) {
    if (gimp_selection_is_empty(image)) return {};
    gint x = 0, y = 0;
    gimp_drawable_get_offsets(layer, &x, &y);
    const Buffer mask(gimp_drawable_get_buffer(GIMP_DRAWABLE(gimp_image_get_selection(image))));
    return read_selection(mask.get(), x, y, gimp_drawable_get_width(layer),
                          gimp_drawable_get_height(layer));
}

void write_layer(GimpImage* image, GimpDrawable* layer, const Form& form, const PictureView& before,
                 const PictureView& after) {
    if (!gimp_item_is_valid(GIMP_ITEM(layer))) throw Error(ErrorKind::input, layer_changed());
    Buffer source(gimp_drawable_get_buffer(layer));
    Shadow copy(layer);
    Buffer shadow(gimp_drawable_get_shadow_buffer(layer));
    gegl_buffer_copy(source.get(), nullptr, GEGL_ABYSS_NONE, shadow.get(), nullptr);
    const Rect changed = write_changes(shadow.get(), form, before, after);
    gegl_buffer_flush(shadow.get());
    source.reset();
    shadow.reset();
    if (changed.width == 0) return;
    const WithoutSelection none(image);
    copy.merge();
    gimp_drawable_update(layer, changed.x, changed.y, changed.width, changed.height);
}

}  // namespace lowkey::gimp
