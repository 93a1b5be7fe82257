// Every kernel of one vector target, in one visible list. The executor calls kernels only through
// such a table, so a test (or an experiment) swaps one pointer and nothing else.
#pragma once

#include <string>
#include <vector>

#include "kernels/activation.h"
#include "kernels/add_bias.h"
#include "kernels/add_expert_bias.h"
#include "kernels/attention.h"
#include "kernels/columns.h"
#include "kernels/combine.h"
#include "kernels/elementwise.h"
#include "kernels/embedding.h"
#include "kernels/fused/add_rms_norm.h"
#include "kernels/fused/down_combine.h"
#include "kernels/fused/gate_up_swiglu.h"
#include "kernels/fused/router_topk.h"
#include "kernels/gather_matmul.h"
#include "kernels/gather_matmul_rounded.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"
#include "kernels/rope.h"
#include "kernels/short_conv.h"
#include "kernels/softmax.h"

namespace fidelio {

struct KernelTable {
  std::string target;  ///< "ref", "AVX2", "AVX3", "AVX3_DL", "NEON"

  EmbeddingFn embedding = embedding_ref;
  LinearFn linear = linear_ref;
  GatherMatmulFn gather_matmul = gather_matmul_ref;
  RmsNormFn rms_norm = rms_norm_ref;
  RopeFn rope = rope_ref;
  KvAppendFn kv_append = kv_append_ref;
  AttentionFn attention = attention_ref;
  ShortConvFn short_conv = short_conv_ref;
  SoftmaxFn softmax = softmax_ref;
  NormalizeFn normalize = normalize_ref;
  TopKFn top_k = top_k_ref;
  TakeFn take = take_ref;
  ColumnsFn columns = columns_ref;
  AddBiasFn add_bias = add_bias_ref;
  AddExpertBiasFn add_expert_bias = add_expert_bias_ref;
  ElementwiseFn add = add_ref;
  ElementwiseFn mul = mul_ref;
  ScalarFn add_scalar = add_scalar_ref;
  ScalarFn mul_scalar = mul_scalar_ref;
  ClampFn clamp = clamp_ref;
  ActivationFn sigmoid = sigmoid_ref;
  ActivationFn silu = silu_ref;
  ActivationFn gelu = gelu_ref;
  CombineFn combine = combine_ref;

  RouterTopkFn router_topk = router_topk_ref;
  GateUpSwigluFn gate_up_swiglu = gate_up_swiglu_ref;
  DownCombineFn down_combine = down_combine_ref;
  AddRmsNormFn add_rms_norm = add_rms_norm_ref;

  GatherMatmulFn gather_matmul_int8 = gather_matmul_int8_ref;
  GatherMatmulFn gather_matmul_int16 = gather_matmul_int16_ref;
};

/// The scalar specification.
KernelTable ref_kernels();

/// "ref" and every vector target that this processor runs and that keeps the contract, best first.
std::vector<std::string> kernel_targets();

/// The kernels of one of kernel_targets(); empty name: the best. Not thread-safe (Highway's
/// dispatch is global). Throws std::invalid_argument, naming what there is, for any other name.
KernelTable kernels_for(const std::string& target = "");

}  // namespace fidelio
