// Answers of models, event by event and whole: nothing that a provider writes breaks the reader,
// and what it believes is not below what it has seen.
#include <cstdint>
#include <string_view>

#include "fuzz/must.h"
#include "kernel/model_api/refusal.h"
#include "kernel/model_api/usage.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

constexpr std::size_t bytes_max = 16384;

void check(const UsageReader& reader, const ModelRequest& request) {
  const AnswerUsage read = reader.read();
  must(read.measured == read.why.empty(), "a reason is missing, or there without a cause");
  must(read.tool_calls.size() <= tool_calls_max, "too many calls are kept");
  must(reader.output_tokens_least() <= reader.output_bytes(), "more tokens than bytes");
  if (read.measured && reader.output_bytes() != 0) {
    must(read.usage.out() >= reader.output_tokens_least(), "usage below its bytes is believed");
    must(read.usage.into() >= request.input_least, "usage below the request is believed");
  }
  const std::string events = refusal_events(
      request.api,
      {.kind = RefusalKind::spent, .code = "c", .message = "m", .run = {}, .retry_after = {}},
      reader.place());
  must(events.ends_with("\n\n") && events.find("\n\n") == events.size() - 2,
       "a refusal is more than one event");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2 || size > bytes_max) return 0;
  ModelRequest request;
  request.api = all_model_apis[bytes[0] % all_model_apis.size()];
  request.usage_asked = (bytes[0] & 0x80U) != 0;
  request.input_least = 3;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);

  UsageReader stream(request);
  bool ended = false;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto heard = stream.event("", rest.substr(0, end));
    must(!ended || !heard || rest.substr(0, end) == "[DONE]", "an event behind the end is heard");
    if (!heard) break;
    must(!heard->drop || (request.api == ModelApi::openai_chat && !request.usage_asked),
         "an event is dropped that the client is to have");
    ended = heard->last;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  check(stream, request);

  for (const int status : {200, 429}) {
    UsageReader whole(request);
    static_cast<void>(whole.answer(status, text));
    check(whole, request);
  }
  return 0;
}
