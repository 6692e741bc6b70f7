// The layer with a box around each face, and below it the same faces as a list for the keyboard.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "shared/drawing.h"
#include "shared/toolkit.h"

namespace lowkey::gimp {

class FacesWidget {
  public:
    FacesWidget(const PictureView& layer, std::function<void()> changed);
    FacesWidget(const FacesWidget&) = delete;
    FacesWidget& operator=(const FacesWidget&) = delete;

    GtkWidget* widget() const { return box_; }
    void show(const std::vector<LayerJob::Candidate>& faces);
    const std::vector<FaceBox>& boxes() const { return boxes_; }
    // The face last switched on, else the first that is on.
    std::optional<std::size_t> previewed() const { return previewed_; }

  private:
    void draw(cairo_t* cairo);
    void press(double x, double y);
    void set_chosen(std::size_t at, bool chosen);

    const int layer_width_, layer_height_;
    const Surface layer_;
    const std::function<void()> changed_;
    GtkWidget* box_ = nullptr;
    GtkWidget* area_ = nullptr;
    GtkWidget* list_ = nullptr;
    std::vector<GtkWidget*> checks_;
    std::vector<FaceBox> boxes_;
    std::optional<std::size_t> previewed_;
};

}  // namespace lowkey::gimp
