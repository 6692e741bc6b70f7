// What Krita loads: registers the one filter.
#include <filter/kis_filter_registry.h>
#include <klocalizedstring.h>
#include <kpluginfactory.h>

#include <QCoreApplication>
#include <QObject>

#include "engine.h"
#include "filter.h"
#include "messages.h"

class LowKeyPlugin : public QObject {
    Q_OBJECT
  public:
    LowKeyPlugin(QObject* parent, const QVariantList&) : QObject(parent) {
        KisFilterRegistry::instance()->add(KisFilterSP(new lowkey::krita::Filter));
        using lowkey::krita::Engine;
        Engine& engine = Engine::instance();
        // Krita shows no progress of layers: the status bar does. From the computing thread, so
        // that what the filter shows at the end comes after it.
        connect(&engine, &Engine::progressed,
                [](const QString&, bool layer, double fraction, const QString& stage) {
                    if (layer)
                        lowkey::krita::show_status(
                            i18n("LowKey layer: %1 (%2 %)", stage, qRound(fraction * 100)));
                });
        // The worker goes with Krita, before static objects do.
        connect(QCoreApplication::instance(), &QCoreApplication::aboutToQuit,
                [&engine] { engine.shut_down(); });
    }
};

K_PLUGIN_FACTORY_WITH_JSON(LowKeyPluginFactory, "kritalowkey.json", registerPlugin<LowKeyPlugin>();)

#include "plugin.moc"
