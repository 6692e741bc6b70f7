#include "shared/faces_widget.h"

#include <utility>

#include "shared/guard.h"
#include "shared/messages.h"

namespace lowkey::gimp {
namespace {

constexpr int kWidth = 320, kHeight = 260, kListHeight = 90;

}  // namespace

FacesWidget::FacesWidget(const PictureView& layer, std::function<void()> changed)
    : layer_width_(layer.width),
      layer_height_(layer.height),
      layer_(to_surface(layer, {0, 0, layer.width, layer.height}, 640)),
      changed_(std::move(changed)) {
    box_ = new_box(GTK_ORIENTATION_VERTICAL, 6);
    area_ = gtk_drawing_area_new();
    gtk_widget_set_size_request(area_, kWidth, kHeight);
    gtk_widget_add_events(area_, GDK_BUTTON_PRESS_MASK);
    gtk_widget_set_tooltip_text(area_, _("Click a face to leave it out or take it in"));
    on_draw(
        area_,
        [](GtkWidget*, cairo_t* cairo, void* self) {
            static_cast<FacesWidget*>(self)->draw(cairo);
        },
        this);
    const auto pressed = +[](GtkWidget*, GdkEventButton* event, gpointer self) -> gboolean {
        guarded([&] { static_cast<FacesWidget*>(self)->press(event->x, event->y); });
        return TRUE;
    };
    g_signal_connect(area_, "button-press-event", G_CALLBACK(pressed), this);
    gtk_box_pack_start(GTK_BOX(box_), area_, TRUE, TRUE, 0);

    GtkWidget* scroller = gtk_scrolled_window_new(nullptr, nullptr);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_widget_set_size_request(scroller, -1, kListHeight);
    list_ = new_box(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget* viewport = gtk_viewport_new(nullptr, nullptr);
    gtk_container_add(GTK_CONTAINER(viewport), list_);
    gtk_container_add(GTK_CONTAINER(scroller), viewport);
    gtk_box_pack_start(GTK_BOX(box_), scroller, FALSE, FALSE, 0);
}

void FacesWidget::show(const std::vector<LayerJob::Candidate>& faces) {
    boxes_.clear();
    for (const auto& face : faces) boxes_.push_back({face, true});
    previewed_ = faces.empty() ? std::nullopt : std::optional<std::size_t>(0);
    for (const FaceBox& box : boxes_) {
        GtkWidget* check = gtk_check_button_new_with_label(
            face_label(box.candidate.face, box.candidate.index).c_str());
        gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(check), TRUE);
        const auto toggled = +[](GtkToggleButton* button, gpointer data) {
            guarded([&] {
                auto* self = static_cast<FacesWidget*>(data);
                for (std::size_t i = 0; i < self->checks_.size(); ++i) {
                    if (self->checks_[i] == GTK_WIDGET(button)) {
                        self->set_chosen(i, gtk_toggle_button_get_active(button));
                    }
                }
            });
        };
        g_signal_connect(check, "toggled", G_CALLBACK(toggled), this);
        gtk_box_pack_start(GTK_BOX(list_), check, FALSE, FALSE, 0);
        checks_.push_back(check);
    }
    gtk_widget_show_all(list_);
    gtk_widget_queue_draw(area_);
}

void FacesWidget::draw(cairo_t* cairo) {
    GtkAllocation size;
    gtk_widget_get_allocation(area_, &size);
    draw_faces(cairo, layer_.get(), layer_width_, size.width, size.height, boxes_, previewed_);
}

void FacesWidget::press(double x, double y) {
    GtkAllocation size;
    gtk_widget_get_allocation(area_, &size);
    const Fit placed = fit(layer_width_, layer_height_, size.width, size.height);
    const auto hit = box_at(boxes_, (x - placed.x) / placed.scale, (y - placed.y) / placed.scale);
    // The check button is the one place that holds the choice; its signal does the rest.
    if (hit) gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(checks_[*hit]), !boxes_[*hit].chosen);
}

void FacesWidget::set_chosen(std::size_t at, bool chosen) {
    boxes_[at].chosen = chosen;
    if (chosen) {
        previewed_ = at;
    } else if (previewed_ == at) {
        previewed_.reset();
        for (std::size_t i = 0; i < boxes_.size() && !previewed_; ++i) {
            if (boxes_[i].chosen) previewed_ = i;
        }
    }
    gtk_widget_queue_draw(area_);
    changed_();
}

}  // namespace lowkey::gimp
