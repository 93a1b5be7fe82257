#include "validate/interrupt.h"

#include <atomic>
#include <csignal>

namespace fidelio {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

extern "C" void on_signal(int) { requested.store(true, std::memory_order_relaxed); }

void handle(int signal, bool install) {
  struct sigaction action = {};
  action.sa_handler = install ? on_signal : SIG_DFL;
  // One signal asks; the next finds the default action again.
  action.sa_flags = install ? static_cast<int>(SA_RESETHAND) | SA_RESTART : 0;
  sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  handle(SIGINT, true);
  handle(SIGTERM, true);
}

InterruptGuard::~InterruptGuard() {
  handle(SIGINT, false);
  handle(SIGTERM, false);
}

void stop_if_interrupted() {
  if (requested.load(std::memory_order_relaxed)) throw Interrupted();
}

void request_interrupt() { requested = true; }

void clear_interrupt() { requested = false; }

}  // namespace fidelio
