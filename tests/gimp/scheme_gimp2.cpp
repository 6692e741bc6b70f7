// How GIMP 2.10's Script-Fu says what the tests ask for.
#include "console.h"

namespace lowkey::testing {

ConsoleRun run_gimp(const std::string& script, const Environment& environment) {
    // GIMP stays running after an error, so a second batch command ends it.
    return run_console("(let* () " + script + " (gimp-quit 0))",
                       "-b \"$SCRIPT\" -b '(gimp-quit 1)'", environment);
}

std::string on_file(const std::filesystem::path& in, const std::string& body,
                    const std::filesystem::path& out) {
    const std::string source = quoted(in.string()), target = quoted(out.string());
    return "(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE " + source + " " + source +
           "))) (layer (car (gimp-image-get-active-drawable image)))) " + body +
           " (gimp-file-save RUN-NONINTERACTIVE image layer " + target + " " + target +
           ") (gimp-image-delete image))";
}

std::string cloak(const Call& call) {
    return "(plug-in-lowkey RUN-NONINTERACTIVE image layer " + std::to_string(call.strength) + " " +
           std::to_string(call.iterations) + " " + quoted(call.preset) + " " +
           std::to_string(call.seed) + " " + quoted(call.faces) + " " + quoted(call.region) + ")";
}

}  // namespace lowkey::testing
