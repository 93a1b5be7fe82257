// A graph as text, one op a line, for tests, `validate explain` and messages. It parses back. What
// an op is and which shapes it makes is core/ops.h.
//
//   # a comment
//   @lm_head = matrix [32000, 2048]                  a parameter: vector [n], matrix [out, in],
//   @e.*.up_proj = experts [8, 64, 32] or @e.up_proj     experts [E, out, in], alternatives after
//   "or",
//   @rope.inv_freq = constant [2] {1, 0.01}              constant [n] with its values
//   %ids = input [M] i32                             M: tokens, L: wanted rows; f32 is not written
//   layer 0                                          the layer of the lines below; "layer none"
//   ends it %w, %e = top_k %p {k=8}                          results = op @parameters, %inputs
//   {attributes} output %z
//
// Parameters are declared before the first op, or not at all: their shapes are then unknown, and
// dimensions that follow from them print as `?`. An input without a type is i32 when an op reads it
// as ids or positions. Without an `output` line the results of the last op are the outputs.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/graph.h"

namespace fidelio {

/// Text that is no graph. The message begins with the line's number.
struct GraphTextError : std::runtime_error {
  GraphTextError(std::size_t line_number, const std::string& why);
  std::size_t line;  ///< from 1
};

/// Throws GraphTextError. The graph it returns is verified.
Graph parse_graph(std::string_view text);

/// Declarations and ops: parse_graph(to_text(g)) == g when every parameter has a shape. Floats are
/// printed as the shortest text that gives the same bits.
std::string to_text(const Graph& graph);

/// The ops alone, without declarations.
std::string ops_text(const Graph& graph);

/// "%w, %e = top_k %p {k=8}", without a line break.
std::string node_text(const Graph& graph, const Node& node);

}  // namespace fidelio
