// What Krita loads: registers the one filter.
#include <filter/kis_filter_registry.h>
#include <kpluginfactory.h>

#include <QCoreApplication>
#include <QObject>

#include "engine.h"
#include "filter.h"

class LowKeyPlugin : public QObject {
    Q_OBJECT
  public:
    LowKeyPlugin(QObject* parent, const QVariantList&) : QObject(parent) {
        KisFilterRegistry::instance()->add(KisFilterSP(new lowkey::krita::Filter));
        // The worker goes with Krita, before static objects do.
        connect(QCoreApplication::instance(), &QCoreApplication::aboutToQuit,
                [] { lowkey::krita::Engine::instance().shut_down(); });
    }
};

K_PLUGIN_FACTORY_WITH_JSON(LowKeyPluginFactory, "kritalowkey.json", registerPlugin<LowKeyPlugin>();)

#include "plugin.moc"
