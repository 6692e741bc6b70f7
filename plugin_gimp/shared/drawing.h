// Cairo drawing of the dialog's two pictures; GTK 2 and GTK 3 both draw with cairo.
#pragma once

#include <cairo.h>

#include <memory>
#include <optional>
#include <vector>

#include "lowkey/picture.h"
#include "shared/face_boxes.h"

namespace lowkey::gimp {

struct DestroySurface {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using Surface = std::unique_ptr<cairo_surface_t, DestroySurface>;

// The part of the picture, no side longer than `longest`, averaged down where it must be; alpha
// over grey.
Surface to_surface(const PictureView& picture, const Rect& part, int longest);

// The layer with a box around each face: bright if chosen, dark and crossed out if not.
void draw_faces(cairo_t* cairo, cairo_surface_t* layer, int layer_width, int area_width,
                int area_height, const std::vector<FaceBox>& boxes,
                std::optional<std::size_t> previewed);

// How a face is compared: before on the left of a line, after on its right.
struct Comparison {
    double zoom = 0;                      // screen pixels a pixel; 0: fit
    double centre_x = .5, centre_y = .5;  // of the picture, 0..1
    double split = .5;                    // of the area's width, 0..1
};
// `after` may be null: not computed yet.
void draw_comparison(cairo_t* cairo, cairo_surface_t* before, cairo_surface_t* after,
                     int area_width, int area_height, const Comparison& comparison);

// Screen pixels a picture pixel, with "fit" worked out.
double effective_zoom(cairo_surface_t* picture, int area_width, int area_height,
                      const Comparison& comparison);

}  // namespace lowkey::gimp
