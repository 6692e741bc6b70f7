#include "shared/panel.h"

#include <algorithm>
#include <utility>

#include "shared/guard.h"
#include "shared/messages.h"

namespace lowkey::gimp {
namespace {

constexpr int kTextWidth = 90;      // characters; GTK 3 makes a window as wide as its longest line
constexpr guint kSettle = 400;      // ms without a change before a preview starts
constexpr int kLongestSide = 1600;  // of a previewed face, screen memory only

GtkWidget* framed(const char* title, GtkWidget* content) {
    GtkWidget* frame = gtk_frame_new(title);
    gtk_container_set_border_width(GTK_CONTAINER(content), 6);
    gtk_container_add(GTK_CONTAINER(frame), content);
    return frame;
}

}  // namespace

Panel::Panel(LayerJob& job, Settings settings, std::function<void(bool)> can_run)
    : job_(job),
      settings_(std::move(settings)),
      can_run_(std::move(can_run)),
      faces_(job.picture().view(), [this] { face_choice_changed(); }) {
    box_ = new_box(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget* row = new_box(GTK_ORIENTATION_HORIZONTAL, 12);
    gtk_box_pack_start(GTK_BOX(row), framed(_("Faces"), faces_.widget()), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(row), framed(_("Before and after"), comparison_.widget()), TRUE,
                       TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box_), row, TRUE, TRUE, 0);

    GtkWidget* line = new_box(GTK_ORIENTATION_HORIZONTAL, 12);
    preview_ = gtk_check_button_new_with_mnemonic(_("_Preview one face"));
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(preview_), TRUE);
    const auto toggled = +[](GtkToggleButton*, gpointer self) {
        guarded([&] { static_cast<Panel*>(self)->schedule(); });
    };
    g_signal_connect(preview_, "toggled", G_CALLBACK(toggled), this);
    progress_ = gtk_progress_bar_new();
    gtk_box_pack_start(GTK_BOX(line), preview_, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), progress_, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box_), line, FALSE, FALSE, 0);

    status_ = gtk_label_new(nullptr);
    gtk_label_set_line_wrap(GTK_LABEL(status_), TRUE);
    gtk_widget_set_size_request(status_, 680, 36);
    gtk_label_set_max_width_chars(GTK_LABEL(status_), kTextWidth);
    align_left(status_);
    gtk_box_pack_start(GTK_BOX(box_), status_, FALSE, FALSE, 0);

    GtkWidget* notice = gtk_label_new(nullptr);
    char* markup = g_markup_printf_escaped("<i>%s</i>", std::string(honest_notice()).c_str());
    gtk_label_set_markup(GTK_LABEL(notice), markup);
    g_free(markup);
    gtk_label_set_line_wrap(GTK_LABEL(notice), TRUE);
    gtk_widget_set_size_request(notice, 680, -1);
    gtk_label_set_max_width_chars(GTK_LABEL(notice), kTextWidth);
    align_left(notice);
    gtk_box_pack_start(GTK_BOX(box_), notice, FALSE, FALSE, 0);

    can_run_(false);
    say(_("Looking for faces"));
    PreviewEvents events;
    events.faces = [this](const auto& faces) { faces_found(faces); };
    events.progress = [this](const Progress& now) {
        gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(progress_),
                                      std::clamp(now.fraction, 0.0, 1.0));
        say(now.stage);
    };
    events.ready = [this](const Result& result) { previewed(result); };
    events.failed = [this](const std::string& message) {
        gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(progress_), 0);
        say(message);
    };
    worker_.emplace(job_, std::move(events));
}

Panel::~Panel() {
    if (timer_ != 0) g_source_remove(timer_);
}

void Panel::change(const Settings& settings) {
    settings_ = settings;
    schedule();
}

Settings Panel::settings() const {
    Settings settings = settings_;
    settings.faces = chosen_faces(faces_.boxes());
    return settings;
}

Settings Panel::preview_settings() const {
    Settings settings = settings_;
    // With one face the preview is the run itself, asked for in the same words, and so kept for it.
    settings.faces.clear();
    if (faces_.boxes().size() > 1) {
        settings.faces.push_back(faces_.boxes()[*faces_.previewed()].candidate.index);
    }
    return settings;
}

void Panel::say(const std::string& text) {
    const std::string all = note_.empty() ? text : note_ + " " + text;
    gtk_label_set_text(GTK_LABEL(status_), all.c_str());
}

void Panel::faces_found(const std::vector<LayerJob::Candidate>& faces) {
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(progress_), 0);
    faces_.show(faces);
    can_run_(!faces.empty());
    if (faces.empty()) {
        say(no_face_anywhere());
        return;
    }
    if (faces.front().face.from_region) note_ = region_stands_in();
    schedule();
}

void Panel::face_choice_changed() {
    can_run_(any_chosen(faces_.boxes()));
    schedule();
}

void Panel::schedule() {
    // Until the faces are known there is nothing to preview, and the search for them must go on.
    if (!worker_ || faces_.boxes().empty()) return;
    worker_->cancel();
    if (timer_ != 0) g_source_remove(timer_);
    timer_ = 0;
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(progress_), 0);
    say({});
    show_before();
    if (!faces_.previewed()) {
        say(_("No face is chosen, so there is nothing to do."));
        return;
    }
    if (!gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(preview_))) return;
    const auto settled = +[](gpointer data) -> gboolean {
        auto* self = static_cast<Panel*>(data);
        self->timer_ = 0;
        guarded([&] { self->ask(); });
        return G_SOURCE_REMOVE;
    };
    timer_ = g_timeout_add(kSettle, settled, this);
}

void Panel::ask() {
    if (faces_.previewed()) worker_->request(preview_settings());
}

void Panel::show_before() {
    comparison_.forget_after();
    if (!faces_.previewed() || shown_ == faces_.previewed()) return;
    shown_ = faces_.previewed();
    const PictureView layer = job_.picture().view();
    const Rect part =
        surroundings(faces_.boxes()[*shown_].candidate.face, layer.width, layer.height);
    comparison_.show_before(to_surface(layer, part, kLongestSide));
}

void Panel::previewed(const Result& result) {
    if (!shown_) return;
    const PictureView layer = result->picture.view();
    const Rect part =
        surroundings(faces_.boxes()[*shown_].candidate.face, layer.width, layer.height);
    comparison_.show_after(to_surface(layer, part, kLongestSide));
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(progress_), 1);
    say(preview_summary(result->report));
}

}  // namespace lowkey::gimp
