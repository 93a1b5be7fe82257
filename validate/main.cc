// validate: the command that people type. Everything it does is in validate/command_line.cc and the
// commands behind it; here errors become one message and an exit code.
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "capsules/capsule_error.h"
#include "core/user_error.h"
#include "validate/command_line.h"
#include "validate/interrupt.h"

int main(int argc, char** argv) {
  constexpr int kUsage = 2;
  constexpr int kInterrupted = 130;
  std::signal(SIGXFSZ, SIG_IGN);  // a file too large is an error of write(), with a message
  try {
    return fidelio::run_command_line(argc, argv);
  } catch (const fidelio::UserError& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
  } catch (const fidelio::CapsuleError& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
  } catch (const fidelio::Interrupted&) {
    std::fprintf(stderr, "interrupted: nothing was written\n");
    return kInterrupted;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
  }
  return kUsage;
}
