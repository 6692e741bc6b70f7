#include "dialog.h"

#include <KisDocument.h>
#include <KisGlobalResourcesInterface.h>
#include <KisPart.h>
#include <KisViewManager.h>
#include <filter/kis_filter_registry.h>
#include <kis_image.h>
#include <kis_selection.h>
#include <klocalizedstring.h>

#include <KConfigGroup>
#include <KSharedConfig>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QGridLayout>
#include <QLabel>
#include <QPointer>
#include <QProgressBar>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>
#include <QThreadPool>
#include <QUuid>

#include "engine.h"
#include "faces_view.h"
#include "filter.h"
#include "messages.h"

namespace lowkey::krita {

namespace {

QString shown(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<int>(text.size()));
}

QString not_looked_for() {
    return i18n("Faces could not be looked for");
}

// A slider with its number beside it.
QSlider* add_slider(QGridLayout* grid, int row, const QString& label, int low, int high) {
    auto* slider = new QSlider(Qt::Horizontal);
    auto* number = new QSpinBox;
    slider->setRange(low, high);
    number->setRange(low, high);
    QObject::connect(slider, &QSlider::valueChanged, number, &QSpinBox::setValue);
    QObject::connect(number, qOverload<int>(&QSpinBox::valueChanged), slider, &QSlider::setValue);
    auto* name = new QLabel(label);
    name->setBuddy(number);
    grid->addWidget(name, row, 0);
    grid->addWidget(slider, row, 1);
    grid->addWidget(number, row, 2);
    return slider;
}

void update_all_documents() {
    for (const QPointer<KisDocument>& document : KisPart::instance()->documents())
        if (document && document->image()) document->image()->refreshGraphAsync();
}

}  // namespace

Dialog::Dialog(QWidget* parent, KisPaintDeviceSP device, bool for_layer)
    : KisConfigWidget(parent),
      device_(device),
      for_layer_(for_layer),
      name_(QUuid::createUuid().toString(QUuid::Id128)) {
    build();
    show_options(remembered_options());
    if (device_ && !for_layer_) {
        const Content content(device_);
        picture_ = name_of(content.hash(content.area()));
    }
    Engine& engine = Engine::instance();
    engine.open_dialog(name_);
    connect(&engine, &Engine::progressed, this, &Dialog::show_progress, Qt::QueuedConnection);
    connect(&engine, &Engine::ended, this, &Dialog::show_outcome, Qt::QueuedConnection);
    // Before Krita asks for the first preview: a person wants to choose faces while that runs.
    if (show_faces_->isChecked()) find_faces();
}

Dialog::~Dialog() {
    if (detection_cancelled_) *detection_cancelled_ = true;
    if (Engine::instance().close_dialog(name_)) update_all_documents();
}

void Dialog::build() {
    auto* grid = new QGridLayout(this);
    preset_ = new QComboBox;
    for (const Preset preset : kPresets)
        preset_->addItem(shown(preset_defaults(preset).label), static_cast<int>(preset));
    auto* preset_label = new QLabel(i18n("&Preset:"));
    preset_label->setBuddy(preset_);
    grid->addWidget(preset_label, 0, 0);
    grid->addWidget(preset_, 0, 1, 1, 2);
    strength_ = add_slider(grid, 1, i18n("&Strength:"), kMinStrength, kMaxStrength);
    iterations_ = add_slider(grid, 2, i18n("&Iterations:"), kMinIterations, kMaxIterations);

    show_faces_ = new QCheckBox(i18n("Show the &faces"));
    faces_ = new FacesView(this);
    grid->addWidget(show_faces_, 3, 0, 1, 3);
    grid->addWidget(faces_, 4, 0, 1, 3);

    progress_ = new QProgressBar;
    progress_->setRange(0, 100);
    stop_ = new QPushButton(i18n("S&top"));
    stop_->setEnabled(false);
    grid->addWidget(progress_, 5, 0, 1, 2);
    grid->addWidget(stop_, 5, 2);
    status_ = new QLabel;
    status_->setWordWrap(true);
    status_->setMinimumHeight(2 * status_->fontMetrics().lineSpacing());
    status_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    grid->addWidget(status_, 6, 0, 1, 3);
    auto* notice = new QLabel(shown(honest_notice()));
    notice->setWordWrap(true);
    QFont small = notice->font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    notice->setFont(small);
    grid->addWidget(notice, 7, 0, 1, 3);
    grid->setRowStretch(8, 1);
    grid->setColumnStretch(1, 1);

    const KConfigGroup group(KSharedConfig::openConfig(), "LowKey");
    show_faces_->setChecked(group.readEntry("showFaces", true));
    faces_->setVisible(show_faces_->isChecked());
    fit();

    connect(preset_, qOverload<int>(&QComboBox::activated), this, [this] { preset_chosen(); });
    connect(strength_, &QSlider::valueChanged, this, [this] { changed(); });
    connect(iterations_, &QSlider::valueChanged, this, [this] { changed(); });
    connect(faces_, &FacesView::chosen_changed, this, [this] { changed(); });
    connect(stop_, &QPushButton::clicked, this, [this] { stop(); });
    connect(show_faces_, &QCheckBox::toggled, this, [this](bool on) {
        KConfigGroup(KSharedConfig::openConfig(), "LowKey").writeEntry("showFaces", on);
        faces_->setVisible(on);
        fit();
        on ? find_faces() : forget_faces();
    });
}

// Krita's dialogs do not ask how high wrapped lines get, and would lay rows over each other.
void Dialog::fit() {
    constexpr int kWidth = 420;
    setMinimumSize(kWidth, layout()->totalHeightForWidth(kWidth));
}

// The running computation is overtaken at once; Krita asks for the new one a moment later.
void Dialog::changed() {
    if (showing_) return;
    Engine::instance().supersede(name_, ++generation_);
    outcome_ = -1;
    Q_EMIT sigConfigurationItemChanged();
}

void Dialog::preset_chosen() {
    const auto preset = static_cast<Preset>(preset_->currentData().toInt());
    Options options;
    options.preset = preset;
    options.faces = faces_->chosen();
    show_options(options);
    changed();
}

void Dialog::show_options(const Options& options) {
    showing_ = true;
    preset_->setCurrentIndex(preset_->findData(static_cast<int>(options.preset)));
    strength_->setValue(effective_strength(options));
    iterations_->setValue(effective_iterations(options));
    faces_->choose(options.faces);
    showing_ = false;
}

void Dialog::setConfiguration(const KisPropertiesConfigurationSP configuration) {
    Settings settings = read_settings(*configuration);
    // "Last used" brings those of another picture, where the same numbers are other people.
    if (!for_layer_ && settings.picture != picture_) settings.options.faces.clear();
    show_options(settings.options);
    if (for_layer_) region_ = settings.options.region;
    Engine::instance().supersede(name_, ++generation_);
    outcome_ = -1;
}

KisPropertiesConfigurationSP Dialog::configuration() const {
    KisFilterSP filter = KisFilterRegistry::instance()->value(kFilterId);
    KisFilterConfigurationSP configuration =
        filter->factoryConfiguration(KisGlobalResourcesInterface::instance());
    Settings settings;
    settings.options.preset = static_cast<Preset>(preset_->currentData().toInt());
    settings.options.strength = strength_->value();
    settings.options.iterations = iterations_->value();
    settings.options.faces = faces_->chosen();
    settings.options.region = region_;
    settings.dialog = name_;
    settings.generation = generation_;
    settings.picture = picture_;
    write_settings(settings, *configuration);
    return configuration;
}

// A selection points at the face: only faces in it are cloaked, and where none is found it is the
// face. A layer has its own mask instead, which can change later.
void Dialog::setView(KisViewManager* view) {
    KisConfigWidget::setView(view);
    if (for_layer_ || !view || !view->selection()) return;
    const QRect selected = view->selection()->selectedExactRect();
    const QRect all = device_ ? device_->exactBounds() : QRect();
    if (selected.isEmpty() || selected.contains(all)) return;
    region_ = Rect{selected.x(), selected.y(), selected.width(), selected.height()};
}

void Dialog::showEvent(QShowEvent* event) {
    KisConfigWidget::showEvent(event);
    if (host_connected_) return;
    host_connected_ = true;
    if (auto* host = qobject_cast<QDialog*>(window())) {
        connect(host, &QDialog::accepted, this, [this] { host_accepted(); });
        connect(host, &QDialog::rejected, this, [this] { Engine::instance().abandon(name_); });
    }
}

void Dialog::host_accepted() {
    // Krita's pointer says nothing where it is null: clang-tidy would have us look first.
    const KisPropertiesConfigurationSP chosen = configuration();
    if (chosen != nullptr) remember(read_settings(*chosen.data()).options);
    if (for_layer_) return;
    if (outcome_ == Outcome::stopped)
        tell_failure(i18n("The picture was not changed: LowKey was stopped."));
    else if (outcome_ == Outcome::failed || outcome_ == Outcome::no_face)
        tell_failure(outcome_message_ + '\n' + i18n("The picture was not changed."));
    else if (outcome_ == Outcome::cloaked)
        tell_briefly(i18n("LowKey: %1", outcome_message_));
}

void Dialog::stop() {
    Engine::instance().stop(name_, generation_);
    stop_->setEnabled(false);
}

void Dialog::forget_faces() {
    if (detection_cancelled_) *detection_cancelled_ = true;
    const bool all = faces_->chosen().empty();
    faces_->choose({});
    if (!all) changed();
}

// Faces are found in the whole picture: their numbers have to be those that the cloak counts by.
void Dialog::find_faces() {
    if (!device_) return;
    const Content content(device_);
    if (content.empty() || !content.holds_colour()) {
        if (!for_layer_) faces_->show_message(nothing_to_cloak());
        return;
    }
    const QSize size = content.area().size();
    const QSize small = size.scaled(2 * faces_->minimumSize(), Qt::KeepAspectRatio);
    faces_->show_picture(device_->createThumbnail(small.width(), small.height(), content.area()),
                         size);
    faces_->show_message(i18n("Looking for faces..."));
    if (detection_cancelled_) *detection_cancelled_ = true;
    auto cancelled = detection_cancelled_ = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<Picture> picture;
    try {
        picture = std::make_shared<Picture>(content.picture());
    } catch (const std::exception&) {  // too large, or no memory; Krita would end
        faces_->show_message(not_looked_for());
        return;
    }
    auto turn = std::make_shared<Engine::DetectionTurn>();
    QPointer<FacesView> view(faces_);
    QThreadPool::globalInstance()->start([picture, cancelled, view, turn]() mutable {
        std::vector<Face> faces;
        QString message;
        try {
            faces = Engine::instance().detect(*picture, cancelled);
        } catch (const std::exception&) {
            message = not_looked_for();
        }
        picture.reset();
        turn.reset();
        QMetaObject::invokeMethod(
            qApp,
            [cancelled, view, faces = std::move(faces), message] {
                if (!view || *cancelled) return;
                message.isEmpty() ? view->show_faces(faces) : view->show_message(message);
            },
            Qt::QueuedConnection);
    });
}

void Dialog::show_progress(const QString& dialog, bool layer, double fraction,
                           const QString& stage) {
    if (dialog != name_ && !(for_layer_ && layer)) return;
    progress_->setValue(static_cast<int>(fraction * 100));
    status_->setText(stage);
    stop_->setEnabled(dialog == name_);
}

void Dialog::show_outcome(const QString& dialog, int generation, int kind, const QString& message) {
    if (dialog != name_ || generation != generation_) return;
    outcome_ = kind;
    outcome_message_ = message;
    stop_->setEnabled(false);
    progress_->setValue(kind == Outcome::cloaked ? 100 : 0);
    QString text = message;
    if (kind == Outcome::cloaked)
        text = i18n("Done. %1", message);
    else if (kind == Outcome::stopped)
        text = for_layer_ ? i18n("Stopped: the layer hides the picture. Change a setting to go on.")
                          : i18n("Stopped: the picture is unchanged. Change a setting to go on.");
    else if (kind == Outcome::no_face && !for_layer_)
        text = i18n("%1 To point at a face, select it before opening this dialog.", message);
    status_->setText(text.trimmed());
    fit();
}

}  // namespace lowkey::krita
