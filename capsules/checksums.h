// The checksums of a record whose contents the record holds too: ids, prompts, config. Those of
// weights and logits need the model; nothing here can check them.
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

/// "$.prompts[0].ids_xxh3_128: found ..., expected ..., the checksum of its ids": the first that
/// does not fit what it stands for, empty where all do. Damage and careless edits show here; a
/// checksum is no seal.
std::string checksum_mismatch(const Record& record);

}  // namespace fidelio
