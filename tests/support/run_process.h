// Runs a program as a person would and keeps what it printed and how it ended.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace fidelio::testing {

struct ProcessResult {
  int exit_code = -1;  ///< 128 + n when killed by signal n
  std::string out;
  std::string err;
};

class Process {
 public:
  /// Starts `arguments` (the first is the program) in `folder`, output going to files there.
  Process(const std::vector<std::string>& arguments, const std::filesystem::path& folder)
      : out_(folder / "stdout.txt"), err_(folder / "stderr.txt") {
    pid_ = fork();
    if (pid_ == 0) {
      redirect(out_, STDOUT_FILENO);
      redirect(err_, STDERR_FILENO);
      if (chdir(folder.c_str()) != 0) _exit(126);
      std::vector<char*> argv;
      for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  void signal(int number) const { kill(pid_, number); }
  /// To the processes that it started, and not to itself; how many there were.
  int signal_children(int number) const {
    const std::string own = std::to_string(pid_);
    std::ifstream children("/proc/" + own + "/task/" + own + "/children");
    int signalled = 0;
    for (pid_t child = 0; children >> child;) signalled += kill(child, number) == 0 ? 1 : 0;
    return signalled;
  }
  ProcessResult wait() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(out_),
            read(err_)};
  }

 private:
  static void redirect(const std::filesystem::path& file, int descriptor) {
    const int opened = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(opened, descriptor);
  }
  static std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::filesystem::path out_;
  std::filesystem::path err_;
  pid_t pid_ = 0;
};

}  // namespace fidelio::testing
