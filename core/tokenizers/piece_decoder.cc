#include "core/tokenizers/piece_decoder.h"

#include <cstdint>

#include "core/tokenizers/decoder_stages.h"
#include "core/tokenizers/json_step.h"
#include "core/tokenizers/metaspace.h"

namespace fidelio::tokenizers {

PieceChain::PieceChain() : text_(std::make_unique<std::string>()) {
  stages_.push_back(std::make_unique<TextStage>(*text_));
}

std::string PieceChain::take() { return std::exchange(*text_, std::string()); }

PieceDecoder PieceDecoder::read(const JsonStep& step) {
  PieceDecoder decoder;
  decoder.reads_file_ = true;
  decoder.read_into(step);
  return decoder;
}

void PieceDecoder::read_into(const JsonStep& step) {
  using Kind = Step::Kind;
  if (step.type() == "Sequence") {
    step.allow({"decoders"});
    for (const JsonStep& inner : step.steps("decoders")) read_into(inner);
    return;
  }
  const Step read = read_step(step);
  if (joined_ && read.kind != Kind::strip && read.kind != Kind::fuse) {
    step.refuse_type("Strip or Fuse after ByteLevel or Fuse");
  }
  joined_ = joined_ || read.kind == Kind::byte_level || read.kind == Kind::fuse;
  steps_.push_back(read);
}

PieceDecoder::Step PieceDecoder::read_step(const JsonStep& step) {
  using Kind = Step::Kind;
  const std::string type = step.type();
  Step result;
  if (type == "ByteLevel") {
    step.allow({"add_prefix_space", "trim_offsets", "use_regex"});  // no business of decoding
    result.kind = Kind::byte_level;
  } else if (type == "ByteFallback") {
    step.allow({});
    result.kind = Kind::byte_fallback;
  } else if (type == "Fuse") {
    step.allow({});
    result.kind = Kind::fuse;
  } else if (type == "Strip") {
    step.allow({"content", "start", "stop"});
    result.kind = Kind::strip;
    result.content = step.text("content");
    if (result.content.empty() || character_bytes(result.content[0]) != result.content.size()) {
      step.reader().fail("content", quote(result.content), "one character");
    }
    result.start = static_cast<std::size_t>(step.reader().integer("start", 0, INT32_MAX));
    result.stop = static_cast<std::size_t>(step.reader().integer("stop", 0, INT32_MAX));
  } else if (type == "Replace") {
    step.allow({"pattern", "content"});
    const JsonStep::Pattern pattern = step.pattern();
    if (pattern.is_regex) step.reader().fail("pattern", "a Regex", "a String");
    result.kind = Kind::replace;
    result.pattern = pattern.text;
    result.content = step.text("content");
    // Steps that lengthen could double a text 64 times over; published ones put less for more.
    if (result.content.size() > result.pattern.size()) {
      step.reader().fail("content", quote(result.content), "no more bytes than the pattern's");
    }
  } else if (type == "Metaspace") {
    const MetaspaceFields fields = read_metaspace_fields(step);
    result.kind = Kind::metaspace;
    result.pattern = fields.replacement;
    result.drops_first = fields.scheme != "never";
  } else {
    step.refuse_type("ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace or Sequence");
  }
  return result;
}

PieceChain PieceDecoder::start() const {
  using Kind = Step::Kind;
  PieceChain chain;
  auto& stages = chain.stages_;
  if (!reads_file_) stages.push_back(std::make_unique<SpacedStage>(*stages.back()));
  for (auto it = steps_.rbegin(); it != steps_.rend(); ++it) {
    PieceChain::Stage& next = *stages.back();
    switch (it->kind) {
      case Kind::byte_level:
        stages.push_back(std::make_unique<ByteLevelStage>(next));
        break;
      case Kind::byte_fallback:
        stages.push_back(std::make_unique<ByteFallbackStage>(next));
        break;
      case Kind::fuse:
        stages.push_back(std::make_unique<FuseStage>(next));
        break;
      case Kind::strip:
        stages.push_back(std::make_unique<StripStage>(next, it->content, it->start, it->stop));
        break;
      case Kind::replace:
        stages.push_back(std::make_unique<ReplaceStage>(next, it->pattern, it->content));
        break;
      case Kind::metaspace:
        stages.push_back(std::make_unique<MetaspaceStage>(next, it->pattern, it->drops_first));
        break;
    }
  }
  return chain;
}

}  // namespace fidelio::tokenizers
