#include "client/ticker.h"

#include "lowkey/error.h"

namespace lowkey::client {

void Ticker::tick() {
    if (!progress_ || Clock::now() - last_ < kInterval) return;
    const bool go_on = progress_(shown_);
    last_ = Clock::now();  // after the call, so that a slow host is not called without a pause
    if (!go_on) throw Error(ErrorKind::cancelled, "Cancelled. The picture is unchanged.");
}

}  // namespace lowkey::client
