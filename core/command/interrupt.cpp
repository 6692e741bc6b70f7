#include "command/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace lowkey::command {
namespace {

volatile std::sig_atomic_t caught = 0;

void on_signal(int) {
    caught = 1;
}

}  // namespace

void catch_interrupts() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
    struct sigaction before = {};
    sigaction(SIGHUP, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup asks for that
}

bool interrupted() {
    return caught != 0;
}

}  // namespace lowkey::command
