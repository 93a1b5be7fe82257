// Text from a capsule made fit for a terminal: capsules are untrusted, and a terminal acts on what
// it prints. Internal to capsules/.
#pragma once

#include <string>
#include <string_view>

namespace fidelio {

/// `text` on one line: control characters (C0, DEL, C1), line separators and marks that reverse the
/// direction of writing become '?', as do bytes that are not UTF-8.
std::string printable(std::string_view text);

}  // namespace fidelio
