// The one list of fields against record.h: a field added to a struct and forgotten in the list
// would silently not be stored.
#include "capsules/json_fields.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace fidelio {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

/// Initialises any field; only ever named, never run. With a name of its own outside this file,
/// since Clang warns of undefined functions inside it.
struct Anything {
  template <class T>
  requires(!IsOptional<T>::value) operator T() const;
  template <class T>
  operator std::optional<T>() const;
};

namespace {

template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), Anything{})...}; };
}

/// The number of fields of an aggregate: the most values that it can be initialised from.
template <class T, std::size_t N = 48>
constexpr std::size_t field_count() {
  if constexpr (N == 0 || takes<T>(std::make_index_sequence<N>())) {
    return N;
  } else {
    return field_count<T, N - 1>();
  }
}

/// Counts what the list names.
struct Counter {
  std::size_t listed = 0;
  template <class T>
  void operator()(const char* /*key*/, T& /*value*/, const FieldRule& /*rule*/ = {}) {
    ++listed;
  }
};

template <class T>
class EachRecord : public ::testing::Test {};
using Records = ::testing::Types<
    ProgramRecord, ModelRecord, BudgetRecord, OptionsRecord, PromptRecord, CacheRecord,
    HardwareRecord, SystemRecord, RefusalRecord, PatchRecord, PlanRecord, SequenceRecord,
    GenerationRecord, ArgmaxChangeRecord, MetricsRecord, ComparisonRecord, RouteFlipRecord,
    RouterNoiseRecord, ReferenceRecord, SitePointRecord, SiteRecord, FaultRecord, RunRecord,
    BandwidthRecord, EvidenceRecord, NoiseFloorRecord, RuleRecord, VerdictRecord, Record>;
TYPED_TEST_SUITE(EachRecord, Records);

TYPED_TEST(EachRecord, HasAllItsFieldsListed) {
  TypeParam record;
  Counter counter;
  fields(counter, record);

  EXPECT_EQ(counter.listed, field_count<TypeParam>());
}

}  // namespace
}  // namespace fidelio
