// Faces and preview of the dialog, the same in GIMP 2.10 and GIMP 3: the host adds its own controls
// for strength, iterations and preset and tells the panel when they change.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "shared/comparison_widget.h"
#include "shared/faces_widget.h"
#include "shared/preview_worker.h"

namespace lowkey::gimp {

class Panel {
  public:
    // `can_run` is told whether there is anything to cloak. The widget belongs to the host's
    // container.
    Panel(LayerJob& job, Settings settings, std::function<void(bool)> can_run);
    ~Panel();
    Panel(const Panel&) = delete;
    Panel& operator=(const Panel&) = delete;

    GtkWidget* widget() const { return box_; }
    // Strength, iterations, preset and seed; the faces are the panel's own.
    void change(const Settings& settings);
    // What to run when the person accepts.
    Settings settings() const;

  private:
    void schedule();
    void ask();
    void faces_found(const std::vector<LayerJob::Candidate>& faces);
    void face_choice_changed();
    void previewed(const Result& result);
    void say(const std::string& text);
    void show_before();
    Settings preview_settings() const;

    LayerJob& job_;
    Settings settings_;
    const std::function<void(bool)> can_run_;
    FacesWidget faces_;
    ComparisonWidget comparison_;
    GtkWidget* box_ = nullptr;
    GtkWidget* preview_ = nullptr;
    GtkWidget* progress_ = nullptr;
    GtkWidget* status_ = nullptr;
    guint timer_ = 0;
    std::string note_;                     // stands before every status
    std::optional<std::size_t> shown_;     // the face in the comparison
    std::optional<PreviewWorker> worker_;  // last: it ends first
};

}  // namespace lowkey::gimp
