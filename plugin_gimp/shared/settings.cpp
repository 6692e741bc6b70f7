#include "shared/settings.h"

#include <charconv>
#include <string_view>

#include "lowkey/error.h"
#include "shared/messages.h"

namespace lowkey::gimp {
namespace {

// Nothing unless the whole text is numbers with commas between them; blanks are allowed.
std::optional<std::vector<int>> numbers(std::string_view text) {
    std::vector<int> found;
    while (true) {
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc()) return std::nullopt;
        found.push_back(value);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
        if (text.empty()) return found;
        if (text.front() != ',') return std::nullopt;
        text.remove_prefix(1);
    }
}

}  // namespace

Settings parse(const Arguments& arguments) {
    Settings settings;
    const auto preset = parse_preset(arguments.preset);
    if (!preset) throw Error(ErrorKind::input, unknown_preset(arguments.preset));
    settings.preset = *preset;
    if (arguments.strength != -1) settings.strength = arguments.strength;
    if (arguments.iterations != 0) settings.iterations = arguments.iterations;
    if (arguments.seed < 0)
        throw Error(ErrorKind::input, _("The seed is a number from 0 upwards."));
    settings.seed = static_cast<std::uint64_t>(arguments.seed);
    if (!arguments.faces.empty()) {
        const auto faces = numbers(arguments.faces);
        if (!faces) throw Error(ErrorKind::input, unreadable_faces(arguments.faces));
        settings.faces = *faces;
    }
    if (!arguments.region.empty()) {
        const auto region = numbers(arguments.region);
        if (!region || region->size() != 4 || (*region)[2] < 1 || (*region)[3] < 1) {
            throw Error(ErrorKind::input, unreadable_region(arguments.region));
        }
        settings.region = Rect{(*region)[0], (*region)[1], (*region)[2], (*region)[3]};
    }
    validate(to_options(settings));
    return settings;
}

Options to_options(const Settings& settings) {
    Options options;
    options.preset = settings.preset;
    options.strength = settings.strength;
    options.iterations = settings.iterations;
    options.seed = settings.seed;
    options.faces = settings.faces;
    options.region = settings.region;
    return options;
}

}  // namespace lowkey::gimp
