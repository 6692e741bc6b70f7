#include "filter.h"

#include <KoUpdater.h>
#include <KoUpdaterPrivate_p.h>
#include <kis_default_bounds_base.h>
#include <kis_paint_device.h>
#include <klocalizedstring.h>

#include <QCoreApplication>
#include <QThread>

#include "dialog.h"
#include "engine.h"
#include "messages.h"
#include "settings.h"

namespace lowkey::krita {

namespace {

// Larger than any image Krita opens; it crops the rectangle to the image.
const QRect kWhole(0, 0, 1 << 17, 1 << 17);

// Layers and masks are computed in update threads, with a stand-in updater that reports to nobody
// and so weighs nothing; the filter itself has a real one or none, or runs in the main thread for a
// script.
bool runs_for_layer(const KoUpdater* updater) {
    return updater && updater->d && updater->d->weight() == 0 &&
           QThread::currentThread() != QCoreApplication::instance()->thread();
}

QString stopped_layer_text() {
    return i18n(
        "LowKey was stopped, so this layer hides the picture instead of showing it unprotected. "
        "Change a "
        "setting or close the dialog to compute it.");
}

// What Krita's window shows of a layer's computation, beside the cover of one that failed.
void tell_of_layer(const Outcome& outcome) {
    constexpr int kSeconds = 10;
    switch (outcome.kind) {
        case Outcome::nothing:
            break;
        case Outcome::superseded:  // another update with the dialog's newer settings follows
            show_status({});
            break;
        case Outcome::cloaked:
            if (!outcome.fresh) break;
            show_status(i18n("LowKey layer: %1", outcome.message), kSeconds);
            if (outcome.cloak->noted) tell_briefly(i18n("LowKey layer: %1", outcome.message));
            break;
        case Outcome::no_face:
            if (!outcome.fresh) break;
            show_status({});
            tell_briefly(i18n("LowKey found no face: this layer changes and protects nothing."));
            break;
        case Outcome::stopped:
            show_status(i18n("LowKey layer: stopped, the picture is hidden."), kSeconds);
            tell_failure(stopped_layer_text(), Repeats::dropped);
            break;
        case Outcome::failed:
            show_status(i18n("LowKey layer: not computed, the picture is hidden."), kSeconds);
            tell_failure(i18n("%1\n\nThe LowKey layer hides the picture until it can be computed. "
                              "Hide the layer to work without protection.",
                              outcome.message),
                         Repeats::dropped);
            break;
    }
}

// Without its dialog (a script, Krita's "apply again"); the dialog tells by itself.
void tell_of_filter(const Outcome& outcome) {
    if (outcome.kind == Outcome::failed)
        tell_failure(outcome.message + '\n' + i18n("The picture was not changed."));
    else if (outcome.kind == Outcome::no_face)
        tell_failure(outcome.message);
    else if (outcome.kind == Outcome::cloaked && outcome.cloak->noted && outcome.fresh)
        tell_briefly(i18n("LowKey: %1", outcome.message));
}

}  // namespace

Filter::Filter()
    // The category's id is one that Krita's menu lists and no filter of its own uses.
    : KisFilter(KoID(kFilterId, i18n("LowKey")), KoID("decor_filters", i18n("Privacy")),
                i18n("&LowKey...")) {
    setColorSpaceIndependence(FULLY_INDEPENDENT);
    setSupportsThreading(false);
    setSupportsPainting(false);
    setSupportsAdjustmentLayers(true);
    setSupportsLevelOfDetail(false);
    setShowConfigurationWidget(true);
}

QRect Filter::neededRect(const QRect& rect, const KisFilterConfigurationSP, int lod) const {
    return lod > 0 ? rect : rect | kWhole;
}

QRect Filter::changedRect(const QRect& rect, const KisFilterConfigurationSP, int lod) const {
    return lod > 0 ? rect : rect | kWhole;
}

KisFilterConfigurationSP Filter::factoryConfiguration(KisResourcesInterfaceSP resources) const {
    KisFilterConfigurationSP configuration = KisFilter::factoryConfiguration(resources);
    write_start({}, *configuration);
    return configuration;
}

KisFilterConfigurationSP Filter::defaultConfiguration(KisResourcesInterfaceSP resources) const {
    KisFilterConfigurationSP configuration = factoryConfiguration(resources);
    write_start(remembered_options(), *configuration);
    return configuration;
}

KisConfigWidget* Filter::createConfigurationWidget(QWidget* parent, const KisPaintDeviceSP device,
                                                   bool for_layer) const {
    return new Dialog(parent, device, for_layer);
}

void Filter::processImpl(KisPaintDeviceSP device, const QRect& apply_rect,
                         const KisFilterConfigurationSP configuration, KoUpdater* updater) const {
    // Krita's reduced copy for the screen while a stroke lasts, never saved or exported: a cloak
    // looks like the picture itself, so the picture is shown.
    if (device->defaultBounds()->currentLevelOfDetail() > 0) {
        qCInfo(lowkeyKrita, "reduced copy: shown as it is");
        return;
    }

    Job job{device, read_settings(*configuration), runs_for_layer(updater), {}};
    if (!job.layer && updater)
        job.on_percent = [updater](int percent) { updater->setProgress(percent); };

    Outcome outcome;
    try {
        outcome = Engine::instance().run(job);
        if (outcome.kind == Outcome::cloaked) paste(outcome.cloak->patches, *device, apply_rect);
    } catch (const std::bad_alloc&) {  // Krita would pass the picture on as it is
        outcome.kind = Outcome::failed;
        outcome.message = no_memory();
    }
    // A layer must not pass the unprotected picture on to an export as if it were protected.
    if (job.layer && (outcome.kind == Outcome::stopped || outcome.kind == Outcome::failed))
        cover(*device, apply_rect);

    if (job.layer)
        tell_of_layer(outcome);
    else if (!Engine::instance().is_open(job.settings.dialog))
        tell_of_filter(outcome);
}

}  // namespace lowkey::krita
