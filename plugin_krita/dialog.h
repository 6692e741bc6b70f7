// The controls: inside Krita's filter dialog and inside its dialogs for filter layers and masks.
#pragma once

#include <kis_config_widget.h>
#include <kis_types.h>

#include <QString>
#include <atomic>
#include <memory>
#include <optional>

#include "settings.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSlider;
class QSpinBox;

namespace lowkey::krita {

class FacesView;

class Dialog : public KisConfigWidget {
    Q_OBJECT
  public:
    Dialog(QWidget* parent, KisPaintDeviceSP device, bool for_layer);
    ~Dialog() override;

    void setConfiguration(const KisPropertiesConfigurationSP configuration) override;
    KisPropertiesConfigurationSP configuration() const override;
    void setView(KisViewManager* view) override;

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    void build();
    void fit();
    void changed();
    void preset_chosen();
    void show_options(const Options& options);
    void find_faces();
    void forget_faces();
    void stop();
    void host_accepted();
    void show_progress(const QString& dialog, bool layer, double fraction, const QString& stage);
    void show_outcome(const QString& dialog, int generation, int kind, const QString& message);

    KisPaintDeviceSP device_;
    const bool for_layer_;
    const QString name_;  // of this dialog in its configurations
    int generation_ = 0;
    std::optional<Rect> region_;
    QString picture_;   // name of the pixels that it was opened on
    int outcome_ = -1;  // of the present generation; -1: none yet
    QString outcome_message_;
    bool host_connected_ = false;
    bool showing_ = false;  // controls are being set, not changed by the person
    std::shared_ptr<std::atomic<bool>> detection_cancelled_;

    QComboBox* preset_ = nullptr;
    QSlider* strength_ = nullptr;
    QSlider* iterations_ = nullptr;
    QCheckBox* show_faces_ = nullptr;
    FacesView* faces_ = nullptr;
    QProgressBar* progress_ = nullptr;
    QPushButton* stop_ = nullptr;
    QLabel* status_ = nullptr;
};

}  // namespace lowkey::krita
