// How GIMP 3's Script-Fu says what the tests ask for.
#include "console.h"

namespace lowkey::testing {

ConsoleRun run_gimp(const std::string& script, const Environment& environment) {
    return run_console("(begin " + script + ")",
                       "--quit --batch-interpreter=plug-in-script-fu-eval -b \"$SCRIPT\"",
                       environment);
}

std::string on_file(const std::filesystem::path& in, const std::string& body,
                    const std::filesystem::path& out) {
    return "(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE " + quoted(in.string()) +
           "))) (layers (car (gimp-image-get-selected-drawables image))) (layer (vector-ref layers "
           "0))) " +
           body + " (gimp-file-save RUN-NONINTERACTIVE image " + quoted(out.string()) +
           " -1) (gimp-image-delete image))";
}

std::string cloak(const Call& call) {
    return "(plug-in-lowkey #:run-mode RUN-NONINTERACTIVE #:image image #:drawables layers "
           "#:strength " +
           std::to_string(call.strength) + " #:iterations " + std::to_string(call.iterations) +
           " #:preset " + quoted(call.preset) + " #:seed " + std::to_string(call.seed) +
           " #:faces " + quoted(call.faces) + " #:region " + quoted(call.region) + ")";
}

}  // namespace lowkey::testing
