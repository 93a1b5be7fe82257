#include "core/streaming_decoder.h"

#include "core/tokenizers/tokenizer_model.h"

namespace fidelio {

StreamingDecoder::StreamingDecoder(const Tokenizer& tokenizer)
    : stream_(tokenizer.model_->stream()) {}
StreamingDecoder::StreamingDecoder(StreamingDecoder&&) noexcept = default;
StreamingDecoder& StreamingDecoder::operator=(StreamingDecoder&&) noexcept = default;
StreamingDecoder::~StreamingDecoder() = default;

std::string StreamingDecoder::feed(std::int32_t id) { return stream_->feed(id); }
std::string StreamingDecoder::finish() { return stream_->finish(); }

}  // namespace fidelio
