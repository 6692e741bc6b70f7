// A small picture with the faces found in it; a click on a face leaves it out or takes it in again.
#pragma once

#include <QImage>
#include <QWidget>
#include <vector>

#include "lowkey/report.h"

namespace lowkey::krita {

class FacesView : public QWidget {
    Q_OBJECT
  public:
    explicit FacesView(QWidget* parent);

    // `faces` in pixels of a picture of this size.
    void show_picture(const QImage& thumbnail, QSize picture);
    void show_faces(std::vector<Face> faces);
    void show_message(const QString& message);  // instead of faces

    void choose(const std::vector<int>& chosen);  // empty: all
    std::vector<int> chosen() const;              // empty: all

    QSize sizeHint() const override;

  Q_SIGNALS:
    void chosen_changed();

  protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

  private:
    QRect thumbnail_rect() const;
    QRectF on_screen(const Face& face) const;

    QImage thumbnail_;
    QSize picture_;
    std::vector<Face> faces_;
    std::vector<int> chosen_;  // empty: all
    QString message_;
};

}  // namespace lowkey::krita
