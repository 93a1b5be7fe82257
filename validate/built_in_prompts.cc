#include "validate/built_in_prompts.h"

#include "validate/synth/random_words.h"

namespace fidelio {
namespace {

constexpr BuiltInPrompt kPrompts[] = {
    {"technical",
     "Explain to an engineer who has just joined the team how a write-ahead log keeps a database "
     "consistent when the power fails in the middle of a transaction. Begin with what is on disk "
     "before the first write, say which bytes must reach stable storage in which order, and why a "
     "checksum on every record is needed although the disk has its own. Then describe recovery "
     "step by step: how the end of the log is found, which changes are replayed, which are undone, "
     "and why running recovery a second time does no harm. Close with the two settings that "
     "operators most often get wrong."},
    {"chinese",
     "请用通俗的语言向一位中学生解释，为什么大型语言模型在回答问题时要一个词一个词地往下写，"
     "而不能一次就把整段话都说出来。先讲清楚模型每一步看到了什么、算出了什么，"
     "再说明为什么前面写错一个字，后面的内容就可能完全不同。然后举一个生活中的例子，"
     "比如接龙游戏或者下棋，帮助他理解“概率最大的下一个词”是什么意思。"
     "最后谈一谈：如果两台电脑用同样的模型、同样的问题，却给出了不一样的答案，"
     "可能有哪些原因？请至少列出三条，并说明怎样一条一条地排查。"},
    {"code",
     R"(Find the defect in this function, explain it, and write a corrected version with tests.

```python
def merge_intervals(intervals, gap=0):
    """Joins half-open intervals [start, end) that overlap or lie at most `gap` apart."""
    merged = []
    for start, end in sorted(intervals):
        if start >= end:
            continue  # empty
        if merged and start <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


if __name__ == "__main__":
    print(merge_intervals([(5, 9), (1, 4), (6, 7), (20, 20)], gap=1))
```
)"},
    {"mathematics",
     "A box holds 12 red and 8 blue marbles. Three are drawn at random without being put back. "
     "First compute the probability that exactly two of them are red, showing every fraction. Then "
     "suppose that after the draw one of the three is picked at random and turns out to be blue: "
     "how likely is it now that the other two are red? Reason step by step, check the result by "
     "counting all cases in a second way, and say what changes for n marbles of which a fixed "
     "share r is red as n grows without bound. Put the final answers in a list."},
    {"story",
     "Write the opening of a short story about a lighthouse keeper who discovers that her light "
     "has been answering another one, far out where no ship and no island should be. It is the "
     "last winter before the tower is made automatic. Let the reader feel the cold of the stairs, "
     "the smell of oil, and the quarrel with her brother that nobody mentions at supper. Keep the "
     "sentences plain, use no more than two similes, and end the first scene at the moment when "
     "she decides to change the rhythm of the lamp."},
};

}  // namespace

std::span<const BuiltInPrompt> built_in_prompts() { return kPrompts; }

std::vector<std::int32_t> built_in_prompt_ids(std::int64_t vocab_size, std::uint64_t number) {
  constexpr std::size_t kIds = 64;
  const std::uint64_t key = synth::stream_key("built-in prompt", number);
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < kIds; ++i) {
    const std::uint64_t random = synth::random_word(key, i);
    ids.push_back(static_cast<std::int32_t>(random % static_cast<std::uint64_t>(vocab_size)));
  }
  return ids;
}

}  // namespace fidelio
