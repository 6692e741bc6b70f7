// No exception crosses a C boundary: GLib and GIMP call us from C.
#pragma once

#include <glib.h>

#include <exception>

namespace lowkey::gimp {

template <typename Call>
void guarded(Call&& call) noexcept {
    try {
        call();
    } catch (const std::exception& error) {
        g_warning("LowKey: %s", error.what());
    } catch (...) {
        g_warning("LowKey: unknown error");
    }
}

}  // namespace lowkey::gimp
