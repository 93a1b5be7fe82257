// What this machine can read from memory right now, with the threads that decode: the roofline that
// both arms are held against. Probed between pairs, since shared machines change by the minute.
#pragma once

#include "core/thread_team.h"

namespace fidelio {

/// Bytes per second of reading 128 MiB of fresh memory once as eight streams a thread.
double probe_read_bandwidth(ThreadTeam& team);

}  // namespace fidelio
