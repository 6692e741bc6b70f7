// One face before and after, with a line to drag between the two, zoom and panning.
#pragma once

#include "shared/drawing.h"
#include "shared/toolkit.h"

namespace lowkey::gimp {

class ComparisonWidget {
  public:
    ComparisonWidget();
    ComparisonWidget(const ComparisonWidget&) = delete;
    ComparisonWidget& operator=(const ComparisonWidget&) = delete;

    GtkWidget* widget() const { return box_; }
    void show_before(Surface before);  // forgets `after`
    void show_after(Surface after);
    void forget_after();

  private:
    enum class Drag { none, line, picture };
    void draw(cairo_t* cairo);
    void press(double x, double y);
    void move(double x, double y);
    bool key(guint key);
    void pan(double dx, double dy);
    void zoom_chosen(int entry);
    GtkAllocation size() const;

    GtkWidget* box_ = nullptr;
    GtkWidget* area_ = nullptr;
    GtkWidget* zoom_ = nullptr;
    Surface before_, after_;
    Comparison comparison_;
    Drag drag_ = Drag::none;
    double last_x_ = 0, last_y_ = 0;
};

}  // namespace lowkey::gimp
