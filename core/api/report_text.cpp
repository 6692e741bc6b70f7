#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "lowkey/options.h"
#include "lowkey/report.h"

namespace lowkey {
namespace {

std::string fixed(double value, int digits) {
    if (std::isnan(value)) return "not measured";
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string plural(int count, const std::string& one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::string place(const Face& face) {
    const auto px = [](float v) { return std::to_string(std::lround(v)); };
    return px(face.width) + " × " + px(face.height) + " pixels at " + px(face.x) + ", " +
           px(face.y) + (face.from_region ? " (your region; no face was found in it)" : "");
}

// LPIPS of SqueezeNet; the words are for people, the numbers stand beside them.
std::string in_words(const Quality& quality) {
    if (quality.linf == 0) return "not changed at all";
    const auto within = [&](double dssim, double lpips) {
        return !(quality.dssim > dssim) && !(quality.lpips > lpips);
    };
    if (std::isnan(quality.dssim) && std::isnan(quality.lpips)) return "not measured";
    if (within(0.02, 0.03)) return "hard to see";
    if (within(0.05, 0.08)) return "faint, seen when looked for";
    return "visible";
}

void append(std::string& text, const FaceReport& face) {
    text += "\nFace " + std::to_string(face.index) + ": " + place(face.face) + "\n";
    std::size_t widest = 0;
    for (const Similarity& s : face.similarities) widest = std::max(widest, s.recogniser.size());
    if (!face.similarities.empty())
        text += "  Similarity to the clean face (1 = same, near 0 = a stranger):\n";
    for (const Similarity& s : face.similarities) {
        text += "    " + s.recogniser + std::string(widest - s.recogniser.size(), ' ');
        text += "  1.00 → " + fixed(s.after, 2) + "\n";
    }
    const Quality& q = face.quality;
    text += "  Change to the picture: " + in_words(q);
    text += " (DSSIM " + fixed(q.dssim, 4) + ", LPIPS " + fixed(q.lpips, 4) + ", PSNR ";
    text += std::isfinite(q.psnr) ? fixed(q.psnr, 1) + " dB" : std::string("infinite");
    text += ", largest " + fixed(q.linf * 255, 1) + "/255, chroma " + fixed(q.chroma, 2) + ")\n";
    if (face.iterations > 0)
        text +=
            "  " + plural(face.iterations, "iteration") + ", " + fixed(face.seconds, 1) + " s\n";
}

}  // namespace

std::string to_text(const Report& report) {
    std::string text = plural(report.faces_found, "face") + " found";
    if (!report.preset.empty()) {
        // Appended piece by piece: GCC 12 warns wrongly (-Wrestrict) of the one long sum.
        text += ", ";
        text += std::to_string(report.faces.size()) + " cloaked with preset " + report.preset;
        text += ", strength " + std::to_string(report.strength);
    }
    text += ", in " + fixed(report.seconds, 1) + " s";
    if (!report.pack.empty()) text += " (pack " + report.pack + ", " + report.device + ")";
    text += ".\n";
    for (const FaceReport& face : report.faces) append(text, face);
    if (!report.notes.empty()) text += "\n";
    for (const std::string& note : report.notes) text += "Note: " + note + "\n";
    text += '\n';
    text += honest_notice();
    text += '\n';
    return text;
}

}  // namespace lowkey
