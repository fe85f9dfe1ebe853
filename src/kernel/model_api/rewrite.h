// The two things that are written into a request; every other byte goes on as it came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "kernel/model_api/request.h"

namespace pawl {

struct RequestEdit {
  // Tokens of each answer. Caps of the request that are larger are replaced, in every member that
  // states one; where none does, the provider's own is put in (`max_completion_tokens`,
  // `max_output_tokens`, `max_tokens`, `generationConfig.maxOutputTokens`). 0: caps stay.
  std::uint64_t output_cap = 0;
  // Chat, streamed: `stream_options.include_usage` becomes true. The event that comes of it says
  // `drop` in `UsageReader` where the client had not asked.
  bool ask_usage = true;
};

// `bytes` are those that `body` was parsed from and `request` was read from. ErrorKind::refused:
// the cap is below `request.output_least`, so there is nothing that may be sent.
Result<std::string> edited_request(const ModelRequest& request, std::string_view bytes,
                                   json::View body, const RequestEdit& edit);

}  // namespace pawl
