// The filter as Krita knows it: destructive, as a filter layer and as a filter mask.
#pragma once

#include <filter/kis_filter.h>

namespace lowkey::krita {

class Filter : public KisFilter {
  public:
    Filter();

    void processImpl(KisPaintDeviceSP device, const QRect& apply_rect,
                     const KisFilterConfigurationSP configuration,
                     KoUpdater* updater) const override;

    // A cloak depends on the whole picture (faces are searched everywhere), so the whole is needed
    // and changed.
    QRect neededRect(const QRect& rect, const KisFilterConfigurationSP configuration,
                     int lod) const override;
    QRect changedRect(const QRect& rect, const KisFilterConfigurationSP configuration,
                      int lod) const override;

    KisFilterConfigurationSP factoryConfiguration(KisResourcesInterfaceSP resources) const override;
    KisFilterConfigurationSP defaultConfiguration(KisResourcesInterfaceSP resources) const override;
    KisConfigWidget* createConfigurationWidget(QWidget* parent, const KisPaintDeviceSP device,
                                               bool for_layer) const override;
};

}  // namespace lowkey::krita
