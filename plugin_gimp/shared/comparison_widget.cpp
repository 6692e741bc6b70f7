#include "shared/comparison_widget.h"

#include <gdk/gdkkeysyms.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "shared/guard.h"
#include "shared/messages.h"

namespace lowkey::gimp {
namespace {

constexpr int kWidth = 340, kHeight = 320;
constexpr double kGrip = 8;  // screen pixels around the line that still catch it
constexpr double kZooms[] = {0, .5, 1, 2, 4, 8};

}  // namespace

ComparisonWidget::ComparisonWidget() {
    box_ = new_box(GTK_ORIENTATION_VERTICAL, 6);
    area_ = gtk_drawing_area_new();
    gtk_widget_set_size_request(area_, kWidth, kHeight);
    gtk_widget_set_can_focus(area_, TRUE);
    gtk_widget_add_events(area_, GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK |
                                     GDK_BUTTON_MOTION_MASK | GDK_SCROLL_MASK | GDK_KEY_PRESS_MASK);
    gtk_widget_set_tooltip_text(
        area_, _("Drag the line to compare, drag the picture to move it, turn the wheel to zoom"));
    on_draw(
        area_,
        [](GtkWidget*, cairo_t* cairo, void* self) {
            static_cast<ComparisonWidget*>(self)->draw(cairo);
        },
        this);
    const auto pressed = +[](GtkWidget*, GdkEventButton* event, gpointer self) -> gboolean {
        guarded([&] { static_cast<ComparisonWidget*>(self)->press(event->x, event->y); });
        return TRUE;
    };
    const auto moved = +[](GtkWidget*, GdkEventMotion* event, gpointer self) -> gboolean {
        guarded([&] { static_cast<ComparisonWidget*>(self)->move(event->x, event->y); });
        return TRUE;
    };
    const auto released = +[](GtkWidget*, GdkEventButton*, gpointer self) -> gboolean {
        static_cast<ComparisonWidget*>(self)->drag_ = Drag::none;
        return TRUE;
    };
    const auto typed = +[](GtkWidget*, GdkEventKey* event, gpointer self) -> gboolean {
        bool used = false;
        guarded([&] { used = static_cast<ComparisonWidget*>(self)->key(event->keyval); });
        return used;
    };
    const auto turned = +[](GtkWidget*, GdkEventScroll* event, gpointer data) -> gboolean {
        auto* self = static_cast<ComparisonWidget*>(data);
        const int last = static_cast<int>(std::size(kZooms)) - 1;
        const int now = gtk_combo_box_get_active(GTK_COMBO_BOX(self->zoom_));
        const int step = event->direction == GDK_SCROLL_UP     ? 1
                         : event->direction == GDK_SCROLL_DOWN ? -1
                                                               : 0;
        gtk_combo_box_set_active(GTK_COMBO_BOX(self->zoom_), std::clamp(now + step, 0, last));
        return TRUE;
    };
    g_signal_connect(area_, "button-press-event", G_CALLBACK(pressed), this);
    g_signal_connect(area_, "motion-notify-event", G_CALLBACK(moved), this);
    g_signal_connect(area_, "button-release-event", G_CALLBACK(released), this);
    g_signal_connect(area_, "key-press-event", G_CALLBACK(typed), this);
    g_signal_connect(area_, "scroll-event", G_CALLBACK(turned), this);
    gtk_box_pack_start(GTK_BOX(box_), area_, TRUE, TRUE, 0);

    GtkWidget* row = new_box(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget* words = gtk_label_new_with_mnemonic(_("_Zoom:"));
    zoom_ = gtk_combo_box_text_new();
    gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(zoom_), _("Fit"));
    for (const char* entry : {"50 %", "100 %", "200 %", "400 %", "800 %"}) {
        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(zoom_), entry);
    }
    gtk_combo_box_set_active(GTK_COMBO_BOX(zoom_), 0);
    gtk_label_set_mnemonic_widget(GTK_LABEL(words), zoom_);
    const auto chosen = +[](GtkComboBox* combo, gpointer self) {
        static_cast<ComparisonWidget*>(self)->zoom_chosen(gtk_combo_box_get_active(combo));
    };
    g_signal_connect(zoom_, "changed", G_CALLBACK(chosen), this);
    gtk_box_pack_start(GTK_BOX(row), words, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(row), zoom_, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box_), row, FALSE, FALSE, 0);
}

void ComparisonWidget::show_before(Surface before) {
    before_ = std::move(before);
    comparison_.centre_x = comparison_.centre_y = .5;
    forget_after();
}

void ComparisonWidget::show_after(Surface after) {
    after_ = std::move(after);
    gtk_widget_queue_draw(area_);
}

void ComparisonWidget::forget_after() {
    show_after(nullptr);
}

GtkAllocation ComparisonWidget::size() const {
    GtkAllocation size;
    gtk_widget_get_allocation(area_, &size);
    return size;
}

void ComparisonWidget::draw(cairo_t* cairo) {
    if (!before_) return;
    draw_comparison(cairo, before_.get(), after_.get(), size().width, size().height, comparison_);
}

void ComparisonWidget::press(double x, double y) {
    gtk_widget_grab_focus(area_);
    drag_ = after_ && std::abs(x - comparison_.split * size().width) <= kGrip ? Drag::line
                                                                              : Drag::picture;
    last_x_ = x;
    last_y_ = y;
}

void ComparisonWidget::move(double x, double y) {
    if (drag_ == Drag::line) {
        comparison_.split = std::clamp(x / size().width, 0.0, 1.0);
        gtk_widget_queue_draw(area_);
    } else if (drag_ == Drag::picture) {
        pan(x - last_x_, y - last_y_);
    }
    last_x_ = x;
    last_y_ = y;
}

void ComparisonWidget::pan(double dx, double dy) {
    if (!before_) return;
    const double zoom = effective_zoom(before_.get(), size().width, size().height, comparison_);
    const double width = zoom * cairo_image_surface_get_width(before_.get());
    const double height = zoom * cairo_image_surface_get_height(before_.get());
    comparison_.centre_x = std::clamp(comparison_.centre_x - dx / width, 0.0, 1.0);
    comparison_.centre_y = std::clamp(comparison_.centre_y - dy / height, 0.0, 1.0);
    gtk_widget_queue_draw(area_);
}

bool ComparisonWidget::key(guint key) {
    constexpr double kStep = 20;
    switch (key) {
        case GDK_KEY_Left:
            pan(kStep, 0);
            return true;
        case GDK_KEY_Right:
            pan(-kStep, 0);
            return true;
        case GDK_KEY_Up:
            pan(0, kStep);
            return true;
        case GDK_KEY_Down:
            pan(0, -kStep);
            return true;
        case GDK_KEY_space:  // all before, all after, back to both
            comparison_.split = comparison_.split == .5 ? 1.0 : comparison_.split == 1.0 ? 0.0 : .5;
            gtk_widget_queue_draw(area_);
            return true;
        default:
            return false;
    }
}

void ComparisonWidget::zoom_chosen(int entry) {
    if (entry < 0) return;
    comparison_.zoom = kZooms[entry];
    if (entry == 0) comparison_.centre_x = comparison_.centre_y = .5;
    gtk_widget_queue_draw(area_);
}

}  // namespace lowkey::gimp
