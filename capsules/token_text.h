// A token as it stands in a sentence: quoted, short, and without what a terminal would act on; and
// which one it is.
// Internal to capsules/.
#pragma once

#include <cstdint>
#include <string>

namespace fidelio {

/// 'city'; line ends and quotes are escaped, a long text is cut. Without a text: token 17.
std::string token_text(const std::string& text, std::int32_t id);

/// "token 4" of the generated ones; of the prompt before its last, "prompt token -5".
std::string position_text(std::int64_t position);

}  // namespace fidelio
