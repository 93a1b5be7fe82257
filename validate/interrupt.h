// Ctrl-C as a value: the first SIGINT or SIGTERM asks the run to stop between steps and keep what
// it has; a second one kills the process as usual.
#pragma once

#include <exception>

namespace fidelio {

/// Thrown between steps once an interruption was asked for; caught where the capsule is written.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};

/// Installs the handlers while it lives.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// Throws Interrupted when an interruption was asked for.
void stop_if_interrupted();

/// Asks for an interruption, as a signal does.
void request_interrupt();
void clear_interrupt();

}  // namespace fidelio
