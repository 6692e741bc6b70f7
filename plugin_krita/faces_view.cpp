#include "faces_view.h"

#include <klocalizedstring.h>

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

namespace lowkey::krita {

namespace {
constexpr int kWidth = 320, kHeight = 150;
}

FacesView::FacesView(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setMinimumSize(kWidth, kHeight);
    setCursor(Qt::PointingHandCursor);
    setToolTip(i18n("Click a face to leave it as it is, or to cloak it again."));
    setAccessibleName(i18n("Faces found"));
}

QSize FacesView::sizeHint() const {
    return {kWidth, kHeight};
}

void FacesView::show_picture(const QImage& thumbnail, QSize picture) {
    thumbnail_ = thumbnail;
    picture_ = picture;
    update();
}

void FacesView::show_faces(std::vector<Face> faces) {
    faces_ = std::move(faces);
    message_ = faces_.empty() ? i18n("No face found") : QString();
    update();
}

void FacesView::show_message(const QString& message) {
    message_ = message;
    update();
}

void FacesView::choose(const std::vector<int>& chosen) {
    chosen_ = chosen;
    update();
}

std::vector<int> FacesView::chosen() const {
    return chosen_;
}

QRect FacesView::thumbnail_rect() const {
    QRect rect(QPoint(), picture_.scaled(size(), Qt::KeepAspectRatio));
    rect.moveCenter(this->rect().center());
    return rect;
}

QRectF FacesView::on_screen(const Face& face) const {
    const QRect shown = thumbnail_rect();
    const double scale = shown.width() / static_cast<double>(std::max(1, picture_.width()));
    return {shown.x() + face.x * scale, shown.y() + face.y * scale, face.width * scale,
            face.height * scale};
}

void FacesView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!thumbnail_.isNull()) painter.drawImage(thumbnail_rect(), thumbnail_);
    for (int index = 0; index < static_cast<int>(faces_.size()); ++index) {
        const bool on =
            chosen_.empty() || std::find(chosen_.begin(), chosen_.end(), index) != chosen_.end();
        const QRectF rect = on_screen(faces_[index]);
        painter.setPen(QPen(Qt::black, 4));
        painter.drawRect(rect);
        painter.setPen(QPen(on ? QColor(80, 220, 120) : QColor(200, 200, 200), 2,
                            on ? Qt::SolidLine : Qt::DashLine));
        painter.drawRect(rect);
        if (!on) painter.drawLine(rect.topLeft(), rect.bottomRight());
    }
    if (message_.isEmpty()) return;
    const QRect band(0, height() - 28, width(), 28);
    painter.fillRect(band, QColor(0, 0, 0, 170));
    painter.setPen(Qt::white);
    painter.drawText(band, Qt::AlignCenter, message_);
}

void FacesView::mousePressEvent(QMouseEvent* event) {
    const int count = static_cast<int>(faces_.size());
    // Smallest first: a face in front of another's box is still reachable.
    for (int index = count - 1; index >= 0; --index) {
        if (!on_screen(faces_[index]).contains(event->localPos())) continue;
        std::vector<int> chosen = chosen_;
        if (chosen.empty())
            for (int face = 0; face < count; ++face) chosen.push_back(face);
        const auto found = std::find(chosen.begin(), chosen.end(), index);
        if (found == chosen.end())
            chosen.insert(std::lower_bound(chosen.begin(), chosen.end(), index), index);
        else if (chosen.size() > 1)  // without any face there would be nothing to do
            chosen.erase(found);
        chosen_ = static_cast<int>(chosen.size()) == count ? std::vector<int>() : chosen;
        update();
        Q_EMIT chosen_changed();
        return;
    }
}

}  // namespace lowkey::krita
