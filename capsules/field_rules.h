// What the fields of a capsule may hold beyond their type: the reader enforces it, the published
// schema says the same. Which field has which rule is capsules/json_fields.h.
// Internal to capsules/ and its tests.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace fidelio {

/// What a field may hold beyond its type. Integers and finite numbers are 0 or more unless said
/// otherwise; in a vector the rule is that of each element.
struct FieldRule {
  enum class Text { any, digest, digest_or_empty, one_of };

  std::int64_t min = 0;
  double max = std::numeric_limits<double>::infinity();  ///< of doubles
  Text text = Text::any;
  std::array<std::string_view, 4> words = {};  ///< with one_of; unused ones are empty
  /// The first schema version that has the field; read from an older capsule it keeps the struct's
  /// default.
  std::int64_t since = 1;
};

inline constexpr double kNoMaximum = std::numeric_limits<double>::infinity();
inline constexpr FieldRule kAnyInteger{
    std::numeric_limits<std::int64_t>::min(), kNoMaximum, FieldRule::Text::any, {}, 1};
inline constexpr FieldRule kFromMinusOne{-1, kNoMaximum, FieldRule::Text::any, {}, 1};
inline constexpr FieldRule kShare{0, 1, FieldRule::Text::any, {}, 1};
inline constexpr FieldRule kDigest{0, kNoMaximum, FieldRule::Text::digest, {}, 1};
/// Empty where nothing was computed: the run was interrupted, or made no logits to hash.
inline constexpr FieldRule kDigestOrEmpty{0, kNoMaximum, FieldRule::Text::digest_or_empty, {}, 1};

/// A field, of any type and range, that version 3 brought.
inline constexpr FieldRule kSince3{0, kNoMaximum, FieldRule::Text::any, {}, 3};
inline constexpr FieldRule kSince4{0, kNoMaximum, FieldRule::Text::any, {}, 4};
inline constexpr FieldRule kSince5{0, kNoMaximum, FieldRule::Text::any, {}, 5};
/// At least one token a step.
inline constexpr FieldRule kPositive{1, kNoMaximum, FieldRule::Text::any, {}, 1};
/// A divergence is never negative; the rounding of its sum may be.
inline constexpr FieldRule kDivergence{-1, kNoMaximum, FieldRule::Text::any, {}, 1};
/// A difference of two probabilities.
inline constexpr FieldRule kSignedShare{-1, 1, FieldRule::Text::any, {}, 1};

constexpr FieldRule one_of(std::string_view a, std::string_view b, std::string_view c = {},
                           std::int64_t since = 1) {
  return {0, kNoMaximum, FieldRule::Text::one_of, {a, b, c, {}}, since};
}
inline constexpr FieldRule kArm = one_of("baseline", "patched");
inline constexpr FieldRule kNumerics = one_of("bit_exact", "reassociated", "approximate");
inline constexpr FieldRule kStop = one_of("eos", "max_tokens");
inline constexpr FieldRule kLoadMode = one_of("mmap", "read", {}, 2);
inline constexpr FieldRule kRouting = one_of("free", "routed", {}, 3);
inline constexpr FieldRule kPurpose = one_of("measure", "confirm", {}, 4);
inline constexpr FieldRule kOneSince4{1, kNoMaximum, FieldRule::Text::any, {}, 4};
inline constexpr FieldRule kFaultKind = one_of("non_finite", "expert_id");

}  // namespace fidelio
