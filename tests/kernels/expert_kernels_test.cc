// Kernels over selected experts: every target against the scalar specification, and each fused
// kernel against the unfused kernels it replaces, bit for bit.
#include "tests/kernels/expert_stack.h"
#include "tests/kernels/on_every_target.h"
#include "tests/support/random_weights.h"

namespace fidelio::testing {
namespace {

struct ExpertCase {
  WeightFormat format;
  std::size_t inter;
  std::size_t hidden;
  std::size_t top_k;
};

class ExpertBits : public ::testing::TestWithParam<ExpertCase> {
 protected:
  const ExpertCase& c = GetParam();
  Stack gate = make_stack(c.format, c.inter, c.hidden, 100);
  Stack up = make_stack(c.format, c.inter, c.hidden, 300);
  Stack down = make_stack(c.format, c.hidden, c.inter, 500);
};

TEST_P(ExpertBits, GatherMatmulOnEveryTarget) {
  for (const std::size_t n_tokens : {1UL, 2UL, 9UL, 130UL}) {
    const std::vector<std::int32_t> ids = make_ids(n_tokens, c.top_k);
    const std::vector<float> x = random_floats(n_tokens * c.hidden, 7);
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(n_tokens * c.top_k * c.inter);
      const GatherMatmulArgs args{gate.views.data(), kExperts, x.data(), false,
                                  ids.data(),        y.data(), n_tokens, c.top_k};
      run_shares(table.gather_matmul, args, threads,
                 expert_order_workspace_bytes(n_tokens, c.top_k, kExperts));
      return y;
    });
  }
}

TEST_P(ExpertBits, GateUpSwigluGivesTheBitsOfTheUnfusedOps) {
  for (const std::size_t n_tokens : {1UL, 2UL, 9UL, 33UL}) {
    const std::vector<std::int32_t> ids = make_ids(n_tokens, c.top_k);
    const std::vector<float> x = random_floats(n_tokens * c.hidden, 7);
    const std::size_t n = n_tokens * c.top_k * c.inter;
    std::vector<float> g(n);
    std::vector<float> u(n);
    gather_matmul_ref(
        {gate.views.data(), kExperts, x.data(), false, ids.data(), g.data(), n_tokens, c.top_k},
        Share{});
    gather_matmul_ref(
        {up.views.data(), kExperts, x.data(), false, ids.data(), u.data(), n_tokens, c.top_k},
        Share{});
    silu_ref({g.data(), g.data(), n}, Share{});
    mul_ref({g.data(), u.data(), g.data(), n}, Share{});
    const auto fused = [&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(n);
      const GateUpSwigluArgs args{gate.views.data(), up.views.data(), kExperts, x.data(),
                                  ids.data(),        y.data(),        n_tokens, c.top_k};
      run_shares(table.gate_up_swiglu, args, threads,
                 expert_order_workspace_bytes(n_tokens, c.top_k, kExperts));
      return y;
    };
    EXPECT_THAT(fused(ref_kernels(), 1), SameBitsAs(g));
    expect_reference_bits_everywhere(fused);
  }
}

TEST_P(ExpertBits, DownCombineGivesTheBitsOfTheUnfusedOps) {
  for (const std::size_t n_tokens : {1UL, 2UL, 9UL, 33UL}) {
    const std::vector<std::int32_t> ids = make_ids(n_tokens, c.top_k);
    const std::vector<float> x = random_floats(n_tokens * c.top_k * c.inter, 7);
    const std::vector<float> weights = random_floats(n_tokens * c.top_k, 8);
    std::vector<float> products(n_tokens * c.top_k * c.hidden);
    std::vector<float> unfused(n_tokens * c.hidden);
    gather_matmul_ref({down.views.data(), kExperts, x.data(), true, ids.data(), products.data(),
                       n_tokens, c.top_k},
                      Share{});
    combine_ref({products.data(), weights.data(), unfused.data(), n_tokens, c.top_k, c.hidden},
                Share{});
    const auto fused = [&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(n_tokens * c.hidden);
      const DownCombineArgs args{down.views.data(), kExperts, x.data(), ids.data(),
                                 weights.data(),    y.data(), n_tokens, c.top_k};
      run_shares(table.down_combine, args, threads,
                 down_combine_workspace_bytes(n_tokens, c.top_k, kExperts));
      return y;
    };
    EXPECT_THAT(fused(ref_kernels(), 1), SameBitsAs(unfused));
    expect_reference_bits_everywhere(fused);
  }
}

TEST_P(ExpertBits, CombineOnEveryTarget) {
  const std::vector<float> x = random_floats(3 * c.top_k * c.hidden, 7);
  const std::vector<float> weights = random_floats(3 * c.top_k, 8);
  expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
    std::vector<float> y(3 * c.hidden);
    run_shares(table.combine, CombineArgs{x.data(), weights.data(), y.data(), 3, c.top_k, c.hidden},
               threads);
    return y;
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, ExpertBits,
                         ::testing::Values(ExpertCase{WeightFormat::f32, 43, 64, 4},
                                           ExpertCase{WeightFormat::f32, 172, 50, 2},
                                           ExpertCase{WeightFormat::affine2, 64, 192, 4},
                                           ExpertCase{WeightFormat::affine3, 192, 64, 2},
                                           ExpertCase{WeightFormat::affine4, 128, 192, 4},
                                           ExpertCase{WeightFormat::affine5, 64, 64, 4},
                                           ExpertCase{WeightFormat::affine6, 128, 128, 1},
                                           ExpertCase{WeightFormat::affine8, 64, 128, 3},
                                           ExpertCase{WeightFormat::bf16, 24, 72, 1}));

TEST(DownCombine, TheOrderOfTheSlotsShows) {
  const Stack down = make_stack(WeightFormat::f32, 64, 32, 1);
  const std::vector<float> x = random_floats(4 * 32, 2);
  const std::vector<float> reversed_x = [&] {
    std::vector<float> r;
    for (std::size_t s = 4; s-- > 0;)
      r.insert(r.end(), x.begin() + 32 * s, x.begin() + 32 * s + 32);
    return r;
  }();
  const std::int32_t ids[4] = {3, 0, 4, 2};
  const std::int32_t reversed_ids[4] = {2, 4, 0, 3};
  const float weights[4] = {0.4F, 0.3F, 0.2F, 0.1F};
  const float reversed_weights[4] = {0.1F, 0.2F, 0.3F, 0.4F};
  std::vector<float> forward(64);
  std::vector<float> backward(64);

  down_combine_ref({down.views.data(), kExperts, x.data(), ids, weights, forward.data(), 1, 4},
                   Share{});
  down_combine_ref({down.views.data(), kExperts, reversed_x.data(), reversed_ids, reversed_weights,
                    backward.data(), 1, 4},
                   Share{});

  EXPECT_THAT(backward, ::testing::Not(SameBitsAs(forward)));
}

TEST(RouterTopkBits, EveryTargetGivesTheBitsOfTheUnfusedOps) {
  const std::vector<float> logits = random_floats(7 * 33, 9, 4.0F);
  for (const RouterOrder order : {RouterOrder::softmax_topk, RouterOrder::topk_softmax}) {
    for (const bool normalize : {false, true}) {
      expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
        std::vector<float> values(7 * 8);
        std::vector<std::int32_t> ids(7 * 8);
        const RouterTopkArgs args{logits.data(), values.data(), ids.data(), 7, 33, 8,
                                  order,         normalize};
        run_shares(table.router_topk, args, threads, router_topk_workspace_bytes(33));
        values.insert(values.end(), ids.begin(), ids.end());
        return values;
      });
    }
  }
}

TEST(RouterTopk, IsSoftmaxThenTopKThenNormalize) {
  const std::vector<float> logits = random_floats(33, 9, 4.0F);
  std::vector<float> p(33);
  std::vector<float> expected(8);
  std::vector<std::int32_t> expected_ids(8);
  softmax_ref({logits.data(), p.data(), 1, 33}, Share{});
  top_k_ref({p.data(), expected.data(), expected_ids.data(), 1, 33, 8}, Share{});
  normalize_ref({expected.data(), expected.data(), 1, 8}, Share{});
  std::vector<float> values(8);
  std::vector<std::int32_t> ids(8);
  std::vector<float> workspace(33);

  router_topk_ref(
      {logits.data(), values.data(), ids.data(), 1, 33, 8, RouterOrder::softmax_topk, true},
      Share{0, 1, reinterpret_cast<std::byte*>(workspace.data())});

  EXPECT_THAT(values, SameBitsAs(expected));
  EXPECT_EQ(ids, expected_ids);
}

}  // namespace
}  // namespace fidelio::testing
