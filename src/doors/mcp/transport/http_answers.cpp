#include "doors/mcp/transport/http_answers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/transport/http_fields.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view request_head = R"({"jsonrpc":"2.0","id":)";
constexpr std::string_view notice_head = R"({"jsonrpc":"2.0","method":)";

std::string with_splice(std::string_view message, std::size_t at, std::size_t size,
                        std::string_view text) {
  std::string out;
  out.reserve(message.size() + text.size());
  out.append(message.substr(0, at)).append(text).append(message.substr(at + size));
  return out;
}

bool ends_number(std::string_view rest) {
  return rest.starts_with(',') || rest.starts_with('}');
}

}  // namespace

bool is_answer(std::string_view message) {
  if (message.starts_with(notice_head)) return false;
  for (const Slice& slice : top_level(message)) {
    if (slice.key == MemberName::method) return false;
    if (slice.key == MemberName::result || slice.key == MemberName::error) return true;
  }
  return false;
}

bool belongs_to_a_call(std::string_view message) {
  if (message.starts_with(request_head)) return true;
  if (!message.starts_with(notice_head)) return false;
  const std::string_view method = message.substr(notice_head.size());
  return method.starts_with(R"("notifications/message")") ||
         method.starts_with(R"("notifications/cancelled")") ||
         method.starts_with(R"("notifications/elicitation/)");
}

std::string with_id_of_client(std::string_view message, std::string_view key, std::string_view id) {
  if (!message.starts_with(request_head)) return std::string(message);
  const std::string_view rest = message.substr(request_head.size());
  if (!rest.starts_with(key) || !ends_number(rest.substr(key.size()))) return std::string(message);
  return with_splice(message, request_head.size(), key.size(), id);
}

std::string tagged_for_client(std::string_view message, std::string_view key, std::string_view id) {
  // Only what we wrote ourselves: a number of ours behind the name, in a message with that tag.
  const std::string tag = fmt::format(R"("{}":{})", meta_subscription, key);
  const std::size_t at = message.find(tag);
  if (at == std::string_view::npos || !ends_number(message.substr(at + tag.size()))) {
    return std::string(message);
  }
  return with_splice(message, at + tag.size() - key.size(), key.size(), id);
}

int status_of(std::string_view answer) {
  // Results are long, and most answers: only an error is read.
  const std::vector<Slice> members = top_level(answer);
  const auto error = std::ranges::find(members, "error", &Slice::key);
  if (error == members.end()) return 200;
  json::ParseLimits limits;
  limits.duplicate_keys = json::DuplicateKeys::permit;
  const auto document = json::parse(error->value, limits);
  const json::View code = document ? document->root()["code"] : json::View();
  if (!code.is_integer()) return 200;
  switch (code.integer()) {
    case method_not_found:
      return 404;
    case header_mismatch:
    case missing_capability:
    case unsupported_version:
      return 400;
  }
  return 200;
}

std::string ended_line(std::string_view id) {
  return error_line(id, internal_error, "the session ended before there was an answer");
}

void refuse(http::Responder responder, int status, std::string_view id, std::string_view why,
            int code) {
  http::Response response;
  response.status = status;
  response.headers.add("content-type", "application/json");
  response.body = error_line(id.empty() ? "null" : id, code, why);
  std::move(responder).answer(std::move(response));
}

}  // namespace pawl::mcp
