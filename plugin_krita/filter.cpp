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
    write_settings({}, *configuration);
    return configuration;
}

KisFilterConfigurationSP Filter::defaultConfiguration(KisResourcesInterfaceSP resources) const {
    KisFilterConfigurationSP configuration = factoryConfiguration(resources);
    Settings settings;
    settings.options = remembered_options();
    write_settings(settings, *configuration);
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
    if (device->defaultBounds()->currentLevelOfDetail() > 0) return;

    Job job{device, read_settings(*configuration), runs_for_layer(updater), {}};
    if (!job.layer && updater)
        job.on_percent = [updater](int percent) { updater->setProgress(percent); };

    const Outcome outcome = Engine::instance().run(job);
    switch (outcome.kind) {
        case Outcome::nothing:
        case Outcome::superseded:  // another update with the dialog's newer settings follows
            break;
        case Outcome::cloaked:
            paste(outcome.cloak->patches, *device, apply_rect);
            break;
        case Outcome::no_face:
            if (job.layer && outcome.fresh)
                tell_briefly(
                    i18n("LowKey found no face: this layer changes and protects nothing."));
            else if (!job.layer && !Engine::instance().is_open(job.settings.dialog))
                tell_failure(outcome.message);
            break;
        case Outcome::stopped:
        case Outcome::failed:
            // A layer must not pass the unprotected picture on to an export as if it were
            // protected.
            if (job.layer) {
                cover(*device, apply_rect);
                tell_failure(outcome.kind == Outcome::stopped
                                 ? stopped_layer_text()
                                 : i18n("%1\n\nThe LowKey layer hides the picture until it can be "
                                        "computed. Hide the "
                                        "layer to work without protection.",
                                        outcome.message));
            } else if (outcome.kind == Outcome::failed &&
                       !Engine::instance().is_open(job.settings.dialog)) {
                tell_failure(outcome.message + '\n' + i18n("The picture was not changed."));
            }
            break;
    }
}

}  // namespace lowkey::krita
