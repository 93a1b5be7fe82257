// Text and tables as Markdown that no text of a capsule can break out of. Internal to capsules/.
#pragma once

#include <string>

#include "capsules/report_figures.h"

namespace fidelio {

/// On one line, and without what Markdown or HTML would act on: links, emphasis, tags.
std::string markdown_escaped(const std::string& text);

std::string markdown_table(const Cells& table);

}  // namespace fidelio
