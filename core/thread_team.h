// A fixed team of threads that run one function together and meet at spin barriers inside it. Made
// for decode steps of a few hundred microseconds: a sleeping barrier would cost more than many
// kernels do. What the threads compute, and how work is divided, belongs to the caller.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace fidelio {

class ThreadTeam {
 public:
  /// `n_threads` >= 1, the calling thread included. With `pin`, thread i stays on the i-th
  /// processor that the process may use, as long as there are that many; the calling thread is
  /// pinned while the team lives.
  explicit ThreadTeam(std::size_t n_threads, bool pin = true);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  std::size_t size() const { return n_threads_; }

  /// Runs work(thread index) on every thread and returns when all have finished. `work` must not
  /// throw.
  void run(const std::function<void(std::size_t)>& work);

  /// To be called by every thread inside run: returns when all have arrived, and orders their
  /// memory.
  void barrier();

 private:
  void worker(std::size_t index);
  void wait_for_work(std::size_t generation);

  const std::size_t n_threads_;
  std::vector<std::thread> workers_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  bool stopping_ = false;
  bool pinned_ = false;
  cpu_set_t callers_mask_;  // valid when pinned_
  alignas(64) std::atomic<std::size_t> generation_{0};
  alignas(64) std::atomic<std::size_t> arrived_{0};
  alignas(64) std::atomic<std::size_t> phase_{0};
};

}  // namespace fidelio
