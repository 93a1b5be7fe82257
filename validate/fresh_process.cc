#include "validate/fresh_process.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <ctime>

#include "core/user_error.h"
#include "validate/interrupt.h"

namespace fidelio {
namespace {

bool is_interrupted() {
  try {
    stop_if_interrupted();
  } catch (const Interrupted&) {
    return true;
  }
  return false;
}

}  // namespace

int run_fresh_process(const std::vector<std::string>& arguments) {
  std::vector<std::string> line = {"validate"};
  line.insert(line.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : line) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  // The link leads to the file that runs now, even when another was put in its place meanwhile.
  const int error = posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv.data(), environ);
  if (error != 0)
    throw UserError(fmt::format("a fresh process cannot be started: {}", std::strerror(error)));
  bool told = false;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    // Ctrl-C reaches both processes as SIGINT; a second SIGINT would end that one at once.
    if (!told && is_interrupted()) told = kill(pid, SIGTERM) == 0;
    const timespec pause{0, 50'000'000};
    nanosleep(&pause, nullptr);  // a signal ends it early
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void end_with_parent() { prctl(PR_SET_PDEATHSIG, SIGTERM); }

}  // namespace fidelio
