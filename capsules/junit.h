// The gate's outcome as JUnit XML, which CI systems show test by test. What is checked is
// capsules/gate.h's.
#pragma once

#include <string>
#include <vector>

#include "capsules/gate.h"

namespace fidelio {

/// One suite a capsule, named "MODEL (CAPSULE)"; one case a patch (classname) and check (name). A
/// failed check is a failure; an inconclusive or skipped one is skipped, its message saying which;
/// the sentence of a passed one stands in system-out. The case "gate" fails where the capsule's
/// exit code is not 0, so that the report is red exactly where the gate is. UTF-8, XML 1.0, in the
/// form of the Jenkins xUnit plugin's junit-10.xsd.
std::string junit_report(const std::vector<GateResult>& results);

}  // namespace fidelio
