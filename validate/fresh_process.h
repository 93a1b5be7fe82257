// Another process of this very program. What it is to do is its command line's business.
#pragma once

#include <string>
#include <vector>

namespace fidelio {

/// Starts this executable with `arguments` (without the program's name), waits for it and returns
/// its exit status, 128 + n when signal n ended it. An interruption of this process is passed on as
/// SIGTERM, once, and the process is waited for all the same. Throws UserError when it cannot be
/// started.
int run_fresh_process(const std::vector<std::string>& arguments);

/// For the process started: when the one that started it dies, it is interrupted too.
void end_with_parent();

}  // namespace fidelio
