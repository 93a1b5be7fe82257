// Ops that work element by element, or column by column, as plain loops (core/truth/truth_ops.h
// says how and why).
#pragma once

#include "core/truth/truth_values.h"

namespace fidelio {

template <class T>
Rows<T> truth_add_scalar(Rows<T> x, double value);
template <class T>
Rows<T> truth_mul_scalar(Rows<T> x, double value);
template <class T>
Rows<T> truth_clamp(Rows<T> x, double min, double max);
template <class T>
Rows<T> truth_sigmoid(Rows<T> x);
/// x / (1 + e^(-alpha x)).
template <class T>
Rows<T> truth_silu(Rows<T> x, double alpha = 1);
/// The tanh form.
template <class T>
Rows<T> truth_gelu(Rows<T> x);
/// The part-th of equal parts of every row.
template <class T>
Rows<T> truth_columns(const Rows<T>& x, std::size_t part, std::size_t parts);

}  // namespace fidelio
