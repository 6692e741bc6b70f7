// Ctrl-C as a question that is asked between steps, so that no file is left half written.
#pragma once

namespace lowkey::command {

// From now on SIGINT, SIGTERM and SIGHUP only set what interrupted() returns.
void catch_interrupts();
bool interrupted();

}  // namespace lowkey::command
