#include "settings.h"

#include <KConfigGroup>
#include <KSharedConfig>
#include <QStringList>
#include <algorithm>

namespace lowkey::krita {

namespace {

constexpr char kGroup[] = "LowKey";

QString preset_name(Preset preset) {
    const std::string_view name = preset_defaults(preset).name;
    return QString::fromUtf8(name.data(), static_cast<int>(name.size()));
}

Preset preset_of(const QString& name) {
    return parse_preset(name.toStdString()).value_or(Preset::balanced);
}

// Nothing unless all of it are numbers between commas.
std::optional<std::vector<int>> numbers(const QString& list) {
    std::vector<int> found;
    for (const QString& part : list.split(',', Qt::SkipEmptyParts)) {
        bool readable = false;
        found.push_back(part.toInt(&readable));
        if (!readable) return std::nullopt;
    }
    return found;
}

// All faces where the list cannot be read: rather one too many than one left out.
std::vector<int> faces_of(const QString& list) {
    return numbers(list).value_or(std::vector<int>());
}

QString list_of(const std::vector<int>& faces) {
    QStringList list;
    for (const int index : faces) list.append(QString::number(index));
    return list.join(',');
}

std::optional<Rect> region_of(const QString& text) {
    constexpr int kFarthest = 1 << 24;  // beyond any picture, and sums of such stay numbers
    const auto parts = numbers(text);
    if (!parts || parts->size() != 4) return std::nullopt;
    const auto far = [](int part) { return part < -kFarthest || part > kFarthest; };
    if (std::any_of(parts->begin(), parts->end(), far)) return std::nullopt;
    return Rect{(*parts)[0], (*parts)[1], (*parts)[2], (*parts)[3]};
}

}  // namespace

// A document may come from anywhere: numbers are brought into range instead of trusted.
Settings read_settings(const KisPropertiesConfiguration& configuration) {
    Settings settings;
    Options& options = settings.options;
    options.preset = preset_of(configuration.getString("preset", preset_name(Preset::balanced)));
    const PresetDefaults& defaults = preset_defaults(options.preset);
    options.strength =
        std::clamp(configuration.getInt("strength", defaults.strength), kMinStrength, kMaxStrength);
    options.iterations = std::clamp(configuration.getInt("iterations", defaults.iterations),
                                    kMinIterations, kMaxIterations);
    options.seed = configuration.getString("seed", "1").toULongLong();
    options.faces = faces_of(configuration.getString("faces"));
    options.region = region_of(configuration.getString("region"));
    settings.dialog = configuration.getString("dialog");
    settings.generation = configuration.getInt("generation");
    settings.picture = configuration.getString("picture");
    return settings;
}

// Strength and iterations are always written out: a document keeps its look when a preset's
// defaults change.
void write_settings(const Settings& settings, KisPropertiesConfiguration& configuration) {
    const Options& options = settings.options;
    configuration.setProperty("preset", preset_name(options.preset));
    configuration.setProperty("strength", effective_strength(options));
    configuration.setProperty("iterations", effective_iterations(options));
    configuration.setProperty("seed", QString::number(options.seed));
    configuration.setProperty("faces", list_of(options.faces));
    const QString region = options.region ? QStringLiteral("%1,%2,%3,%4")
                                                .arg(options.region->x)
                                                .arg(options.region->y)
                                                .arg(options.region->width)
                                                .arg(options.region->height)
                                          : QString();
    configuration.setProperty("region", region);
    configuration.setProperty("dialog", settings.dialog);
    configuration.setProperty("generation", settings.generation);
    configuration.setProperty("picture", settings.picture);
}

void write_start(const Options& options, KisPropertiesConfiguration& configuration) {
    Settings settings;
    settings.options = options;
    write_settings(settings, configuration);
    const PresetDefaults& defaults = preset_defaults(options.preset);
    if (effective_strength(options) == defaults.strength) configuration.removeProperty("strength");
    if (effective_iterations(options) == defaults.iterations)
        configuration.removeProperty("iterations");
}

Options remembered_options() {
    const KConfigGroup group(KSharedConfig::openConfig(), kGroup);
    Options options;
    options.preset = preset_of(group.readEntry("preset", preset_name(Preset::balanced)));
    const PresetDefaults& defaults = preset_defaults(options.preset);
    options.strength =
        std::clamp(group.readEntry("strength", defaults.strength), kMinStrength, kMaxStrength);
    options.iterations = std::clamp(group.readEntry("iterations", defaults.iterations),
                                    kMinIterations, kMaxIterations);
    return options;
}

// The preset's own numbers are not kept: another version may have better ones.
void remember(const Options& options) {
    KConfigGroup group(KSharedConfig::openConfig(), kGroup);
    const PresetDefaults& defaults = preset_defaults(options.preset);
    const auto keep = [&](const char* name, int value, int preset_value) {
        if (value == preset_value)
            group.deleteEntry(name);
        else
            group.writeEntry(name, value);
    };
    group.writeEntry("preset", preset_name(options.preset));
    keep("strength", effective_strength(options), defaults.strength);
    keep("iterations", effective_iterations(options), defaults.iterations);
    group.sync();
}

}  // namespace lowkey::krita
