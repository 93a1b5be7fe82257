#include "core/thread_team.h"

#include <sched.h>

#include "core/check.h"

namespace fidelio {
namespace {

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits for `ready`, spinning first: some 50 microseconds, then giving the processor away between
/// looks, so that a machine with fewer processors than threads still makes progress.
template <class Ready>
void spin_until(Ready ready) {
  constexpr int kSpins = 4000;
  for (int i = 0; !ready(); ++i) {
    if (i < kSpins) {
      pause_briefly();
    } else {
      sched_yield();
    }
  }
}

void pin_to_processor(std::size_t index) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    if (index-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one),
                      &one);  // best effort: an unpinned thread is slower, not wrong
    return;
  }
}

std::size_t allowed_processors() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 0;
  return static_cast<std::size_t>(CPU_COUNT(&allowed));
}

}  // namespace

ThreadTeam::ThreadTeam(std::size_t n_threads, bool pin) : n_threads_(n_threads) {
  FIDELIO_CHECK(n_threads >= 1);
  pinned_ = pin && n_threads > 1 && n_threads <= allowed_processors() &&
            sched_getaffinity(0, sizeof(callers_mask_), &callers_mask_) == 0;
  for (std::size_t i = 1; i < n_threads; ++i) {
    workers_.emplace_back([this, i] {
      if (pinned_) pin_to_processor(i);
      worker(i);
    });
  }
  // The workers inherit this thread's mask, so it is narrowed last; each has read its own before it
  // first waits.
  if (pinned_) {
    run([](std::size_t) {});
    pin_to_processor(0);
  }
}

ThreadTeam::~ThreadTeam() {
  stopping_ = true;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  if (pinned_) sched_setaffinity(0, sizeof(callers_mask_), &callers_mask_);
}

void ThreadTeam::run(const std::function<void(std::size_t)>& work) {
  work_ = &work;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  work(0);
  barrier();
}

void ThreadTeam::barrier() {
  if (n_threads_ == 1) return;
  const std::size_t phase = phase_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == n_threads_) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    return;
  }
  spin_until([&] { return phase_.load(std::memory_order_acquire) != phase; });
}

void ThreadTeam::wait_for_work(std::size_t generation) {
  for (int i = 0; i < 20000; ++i) {
    if (generation_.load(std::memory_order_acquire) != generation) return;
    pause_briefly();
  }
  generation_.wait(generation, std::memory_order_acquire);
}

void ThreadTeam::worker(std::size_t index) {
  for (std::size_t generation = 0;; ++generation) {
    wait_for_work(generation);
    if (stopping_) return;
    (*work_)(index);
    barrier();
  }
}

}  // namespace fidelio
