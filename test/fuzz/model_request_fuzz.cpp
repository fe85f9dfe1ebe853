// Requests to models: what is read can be edited, and reads the same afterwards but for its caps.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "fuzz/must.h"
#include "kernel/model_api/request.h"
#include "kernel/model_api/rewrite.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

constexpr std::size_t bytes_max = 16384;
constexpr std::array paths{std::string_view("/v1/chat/completions"),
                           std::string_view("/v1/responses"), std::string_view("/v1/embeddings"),
                           std::string_view("/v1/messages"),
                           std::string_view("/v1beta/models/m:streamGenerateContent?alt=sse")};

void edit(const ModelTarget& target, const ModelRequest& request, std::string_view bytes,
          json::View body, std::uint64_t cap) {
  const auto edited = edited_request(request, bytes, body, {.output_cap = cap, .ask_usage = true});
  must(edited.has_value() == (cap >= request.output_least), "a cap is taken or refused wrongly");
  if (!edited) return;
  const auto document = json::parse(*edited, model_request_limits);
  must(document.has_value(), "an edited request is no JSON");
  const auto again = read_model_request(target, document->root());
  must(again.has_value(), "an edited request is not read");
  const bool capped =
      request.output_least == 0 || (again->output_asked != 0 && again->output_asked <= cap);
  must(capped, "an edited request has a larger cap");
  must(again->usage_asked, "the usage of the stream is not asked for");
  must(again->stream == request.stream && again->choices == request.choices,
       "an edit changes what is asked");
  must(again->effects == request.effects && again->references == request.references &&
           again->tools == request.tools && again->prefixes == request.prefixes,
       "an edit changes what is read");
  must(again->input_unbounded == request.input_unbounded, "an edit changes the bound");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2 || size > bytes_max) return 0;
  const auto target = read_model_target(paths[bytes[0] % paths.size()]);
  must(target.has_value(), "a path is not known");
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const auto document = json::parse(text, model_request_limits);
  if (!document) return 0;
  const auto request = read_model_request(*target, document->root());
  if (!request) return 0;
  must(!request->prefixes.empty() && request->prefixes.back().tokens_after == 0,
       "a request has no last prefix");
  must(request->prefixes.front().tokens_after <= request->input_most,
       "messages have more tokens than the request");
  must(request->input_least <= request->input_most, "the least is above the most");
  for (const std::uint64_t cap : {std::uint64_t{1}, std::uint64_t{16}, request->output_least,
                                  request->output_asked, std::uint64_t{1} << 40U}) {
    if (cap != 0) edit(*target, *request, text, document->root(), cap);
  }
  return 0;
}
