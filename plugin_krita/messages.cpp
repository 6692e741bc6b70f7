#include "messages.h"

#include <KisMainWindow.h>
#include <KisPart.h>
#include <KisViewManager.h>
#include <klocalizedstring.h>

#include <QApplication>
#include <QIcon>
#include <QMessageBox>
#include <QPointer>
#include <QStatusBar>
#include <cstdio>
#include <mutex>

namespace lowkey::krita {

namespace {

KisMainWindow* window() {
    KisMainWindow* window = KisPart::instance()->currentMainwindow();
    return window && window->isVisible() ? window : nullptr;
}

template <class Action>
void later(Action action) {
    QMetaObject::invokeMethod(qApp, action, Qt::QueuedConnection);
}

// At once: a script may keep the main thread busy until Krita ends.
void print(const QString& text) {
    std::fprintf(stderr, "%s%s\n",
                 text.startsWith("LowKey") ? "" : "LowKey: ", qUtf8Printable(text));
}

}  // namespace

QString nothing_to_cloak() {
    return i18n("This layer has no picture to cloak. Click the photo's layer and try again.");
}

QString no_memory() {
    return i18n(
        "There is not enough memory for this picture. Close other documents or make it smaller.");
}

QString chosen_elsewhere() {
    return i18n(
        "The faces or the selection were chosen on another picture. Open LowKey from the filter "
        "menu to choose them on this one.");
}

void tell_failure(const QString& text, Repeats repeats) {
    {
        static std::mutex mutex;
        static QString last;
        const std::lock_guard lock(mutex);
        if (repeats == Repeats::told || text != last) print(text);
        last = text;
    }
    later([text] {
        static QPointer<QMessageBox> open;
        if (!window() || (open && open->text() == text)) return;
        open = new QMessageBox(QMessageBox::Warning, i18nc("@title:window", "LowKey"), text,
                               QMessageBox::Ok, window());
        open->setAttribute(Qt::WA_DeleteOnClose);
        open->setModal(false);
        open->show();
    });
}

void tell_briefly(const QString& text) {
    print(text);
    later([text] {
        if (KisMainWindow* main = window())
            main->viewManager()->showFloatingMessage(text, QIcon(), 6000);
    });
}

void show_status(const QString& text, int seconds) {
    later([text, seconds] {
        if (KisMainWindow* main = window())
            main->statusBar()->showMessage(text, text.isEmpty() ? 1 : seconds * 1000);
    });
}

}  // namespace lowkey::krita
