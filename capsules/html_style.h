// The look of the HTML report. Internal to capsules/.
#pragma once

#include "capsules/markup.h"

namespace fidelio {

/// A style element: light and dark, from a phone's width up, and for paper.
Markup html_style();

}  // namespace fidelio
