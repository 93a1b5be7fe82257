// The cache of an arm: how many slots a layer has, and that a bounded one holds what a token sees.
#include "core/cache.h"

#include <gtest/gtest.h>

#include "core/graph_text.h"

namespace fidelio {
namespace {

const Graph& three_layers() {
  static const Graph graph = parse_graph(R"(
    @conv = taps [8, 3]
    %x   = input [M, 8]
    %kv0 = kv_append %x, %x {layer=0}
    %a0  = attention %x, %kv0 {layer=0, num_attention_heads=2, num_key_value_heads=2, scale=1, sliding_window=32}
    %kv1 = kv_append %a0, %a0 {layer=1}
    %a1  = attention %a0, %kv1 {layer=1, num_attention_heads=2, num_key_value_heads=2, scale=1}
    %c   = short_conv @conv, %a1 {layer=2}
    output %c )");
  return graph;
}

TEST(Cache, KeepsNoMoreThanTheWindowAndTheWidestStep) {
  Cache cache(three_layers(), 1000, 33);

  EXPECT_EQ(cache.capacity(), 1008U);
  EXPECT_EQ(cache.layer(0).capacity, 64U);  // 31 earlier positions and 33 tokens
  EXPECT_EQ(cache.layer(1).capacity, 1008U);
  EXPECT_EQ(cache.conv(2).slots, 48U);  // 2 + 33, in whole blocks
  EXPECT_EQ(cache.conv(2).channels, 8U);
}

TEST(Cache, KeepsEverythingWhenAsked) {
  Cache cache(three_layers(), 1000, 33);
  const std::size_t bounded = cache.bytes();

  cache.set_keep(Cache::Keep::everything);

  EXPECT_EQ(cache.layer(0).capacity, 1008U);
  EXPECT_EQ(cache.conv(2).slots, 1008U);
  EXPECT_GT(cache.bytes(), bounded);
}

TEST(Cache, NeverHasMoreSlotsThanItsContext) {
  Cache cache(three_layers(), 20, 16);

  EXPECT_EQ(cache.layer(0).capacity, 32U);
  EXPECT_EQ(cache.conv(2).slots, 32U);
}

TEST(Cache, ASlotServesEveryPositionThatIsACapacityFurther) {
  const KvCacheView bounded = Cache(three_layers(), 1000, 33).layer(0);

  EXPECT_EQ(bounded.key_index(1, 70, 2), bounded.key_index(1, 6, 2));
  EXPECT_EQ(bounded.value_index(1, 70), bounded.value_index(1, 6));
  EXPECT_NE(bounded.value_index(1, 69), bounded.value_index(1, 6));
}

TEST(CacheDeathTest, ALayerOfTheOtherKindIsAProgrammersError) {
  Cache cache(three_layers(), 100, 1);
  EXPECT_DEATH(cache.conv(0), "");
  EXPECT_DEATH(cache.layer(2), "");
  EXPECT_DEATH(cache.layer(3), "");
}

}  // namespace
}  // namespace fidelio
