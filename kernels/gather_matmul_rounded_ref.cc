// gather_matmul_int8 and gather_matmul_int16, as specified.
#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/contract.h"
#include "kernels/gather_matmul_rounded.h"

namespace fidelio {
namespace {

constexpr std::size_t kBlock = 32;

struct Block {
  float d = 0.0F;
  std::int32_t q[kBlock] = {};
};

Block round_block(const float* x, std::size_t n, float largest) {
  Block block;
  float amax = 0.0F;
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) {
      block.d = std::numeric_limits<float>::quiet_NaN();
      return block;
    }
    amax = std::max(amax, std::abs(x[i]));
  }
  const float d = amax / largest;
  if (d < std::numeric_limits<float>::min()) return block;
  block.d = d;
  for (std::size_t i = 0; i < n; ++i)
    block.q[i] = static_cast<std::int32_t>(std::nearbyint(x[i] / d));
  return block;
}

std::vector<Block> round_row(const float* x, std::size_t cols, float largest) {
  std::vector<Block> blocks;
  for (std::size_t k = 0; k < cols; k += kBlock)
    blocks.push_back(round_block(x + k, std::min(kBlock, cols - k), largest));
  return blocks;
}

std::vector<float> values_of(const std::vector<Block>& blocks, std::size_t cols) {
  std::vector<float> x(cols);
  for (std::size_t k = 0; k < cols; ++k) {
    const Block& block = blocks[k / kBlock];
    x[k] = static_cast<float>(block.q[k % kBlock]) * block.d;
  }
  return x;
}

/// t of a block: its part of the dot product, over d.
float block_product(const WeightView& w, std::size_t row, std::size_t j, const Block& block) {
  std::int32_t products = 0;
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const unsigned code =
        contract::affine_code(w.data + row * w.row_stride, affine_bits(w.format), j * kBlock + i);
    products += static_cast<std::int32_t>(code) * block.q[i];
    sum += block.q[i];
  }
  const contract::Scaling scaling = contract::scaling_of(w, row, j * kBlock);
  return std::fma(scaling.scale, static_cast<float>(products),
                  scaling.bias * static_cast<float>(sum));
}

float affine_row(const WeightView& w, std::size_t row, const std::vector<Block>& x) {
  float acc[contract::kLanes] = {};
  const std::size_t padded =
      (x.size() + contract::kLanes - 1) / contract::kLanes * contract::kLanes;
  for (std::size_t j = 0; j < padded; ++j) {
    const bool inside = j < x.size();
    float& lane = acc[j % contract::kLanes];
    lane = std::fma(inside ? x[j].d : 0.0F, inside ? block_product(w, row, j, x[j]) : 0.0F, lane);
  }
  return contract::reduce_lanes(acc);
}

void gather_rounded(const GatherMatmulArgs& args, Share share, float largest) {
  const std::size_t out = args.experts[0].rows;
  const std::size_t in = args.experts[0].cols;
  const Range rows = share.of(out);
  for (std::size_t pair = 0; pair < args.n_tokens * args.top_k; ++pair) {
    const WeightView& w = args.experts[args.ids[pair]];
    const float* x = args.x + (args.x_per_slot ? pair : pair / args.top_k) * in;
    const std::vector<Block> blocks = round_row(x, in, largest);
    const std::vector<float> values = values_of(blocks, in);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      args.y[pair * out + r] = affine_bits(w.format) == 0 ? contract::dot_row(w, r, values.data())
                                                          : affine_row(w, r, blocks);
    }
  }
}

}  // namespace

void gather_matmul_int8_ref(const GatherMatmulArgs& args, Share share) {
  gather_rounded(args, share, 127.0F);
}

void gather_matmul_int16_ref(const GatherMatmulArgs& args, Share share) {
  gather_rounded(args, share, 32767.0F);
}

}  // namespace fidelio
