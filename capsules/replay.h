// Whether a validation that was run again gave what its capsule says: a pure function of the two
// records. Running it again is validate/replay_command.cc; another comparison of two capsules, that
// of kernels or machines, is none of its business.
#pragma once

#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

/// Something that both records say.
struct ReplayCheck {
  std::string what;     ///< "weights", "ids, baseline, prompt 0", ...
  std::string outcome;  ///< "agrees", "differs", "not comparable"
  std::string
      sentence;  ///< both values where they differ, the reason where they cannot be compared
};

/// What may differ without being wrong: shown beside each other.
struct ReplayFact {
  std::string what;
  std::string recorded;
  std::string replayed;
};

struct ReplayResult {
  std::vector<ReplayCheck> inputs;   ///< what went in: weights, config, tokenizer, prompts
  std::vector<ReplayCheck> outputs;  ///< what came out: ids, bits, verdict
  std::vector<ReplayFact> facts;
  int exit_code = 0;
};

/// The inputs alone: before anything is run, to know whether it is worth it. `replayed` needs its
/// model and prompts. A capsule whose own checksums do not fit is an input that differs.
std::vector<ReplayCheck> compare_inputs(const Record& recorded, const Record& replayed);

/// Everything. Must agree: all inputs; with one numerics version ids and logit checksums of the
/// baseline, and of the patched arm where every patch is bit_exact, on any machine, vector target
/// and number of threads; with other patches the patched arm's where program, vector target and
/// threads are the same too; the fidelity verdict where all those can be compared, and else that
/// both pass or neither does. A prompt whose ids are others is not compared further. Exit code: 1
/// something that must agree differs, 4 nothing that came out can be compared, else 0.
ReplayResult compare_replay(const Record& recorded, const Record& replayed);

/// 1 when a check differs, 4 when no output could be compared, else 0.
int replay_exit_code(const ReplayResult& result);

/// Timing, machine and program of both.
std::vector<ReplayFact> replay_facts(const Record& recorded, const Record& replayed);

/// A table of the checks and one of the facts; the last line is the outcome.
std::string replay_text(const ReplayResult& result);

/// The same as JSON, with a final newline.
std::string replay_json(const ReplayResult& result);

}  // namespace fidelio
