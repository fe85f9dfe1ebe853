#include "doors/mcp/protocol/message.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::mcp {
namespace {

// Up to here comparing every pair is quicker than sorting.
constexpr std::size_t pairwise_names_max = 12;

// What stands around the parts of a line that we write, and a little more.
constexpr std::size_t kLineBytes = 96;

Error refused(std::string message) {
  return Error{.fault = ErrorKind::invalid, .message = std::move(message), .at = {}};
}

// The members of a message, each looked for once. `times` counts them as `kMessageMembers` has
// them.
struct Top {
  std::array<json::View, kMessageMembers.size()> values;
  std::array<std::uint32_t, kMessageMembers.size()> times{};
  bool strange = false;

  explicit Top(json::View root) {
    for (auto [key, value] : root.members()) {
      const auto* known = std::ranges::find(kMessageMembers, key);
      if (known == kMessageMembers.end()) {
        strange = true;
        continue;
      }
      const auto at = static_cast<std::size_t>(known - kMessageMembers.begin());
      if (times[at]++ == 0) values[at] = value;
    }
  }
  json::View jsonrpc() const { return values[0]; }
  json::View id() const { return values[1]; }
  json::View method() const { return values[2]; }
  json::View params() const { return values[3]; }
  json::View result() const { return values[4]; }
  json::View error() const { return values[5]; }
};

Status check_members(const Top& top) {
  if (top.strange) {
    return std::unexpected(refused("a message has a member that JSON-RPC does not have"));
  }
  if (!top.jsonrpc().is_string() || top.jsonrpc().string() != "2.0") {
    return std::unexpected(refused("`jsonrpc` is not the text `2.0`"));
  }
  return {};
}

Status check_id(json::View id) {
  if (!id.exists()) return {};
  if (id.is_string() || id.is_integer()) return {};
  return std::unexpected(refused("`id` is neither a text nor an integer"));
}

// A name that two members of an object have; null: there is none. `names` is for reuse.
const std::string_view* twice_in(json::View object, std::vector<std::string_view>& names) {
  names.clear();
  for (auto [name, value] : object.members()) names.push_back(name);
  if (names.size() > pairwise_names_max) {
    std::ranges::sort(names);
    const auto found = std::ranges::adjacent_find(names);
    return found == names.end() ? nullptr : &*found;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = i + 1; j < names.size(); ++j) {
      if (names[i] == names[j]) return &names[j];
    }
  }
  return nullptr;
}

Result<MessageKind> kind_of(const Top& top, Side side) {
  const bool method = top.method().exists();
  const bool id = top.id().exists();
  bool result = top.result().exists();
  bool error = top.error().exists();
  if (side == Side::server && result && error) {
    if (top.error().is_null()) {
      error = false;
    } else if (top.result().is_null()) {
      result = false;
    } else {
      return std::unexpected(refused("an answer has both a result and an error"));
    }
  }
  if (side == Side::server && result && !top.result().is_object()) {
    return std::unexpected(refused("`result` is not an object"));
  }
  if (method && !result && !error) {
    if (!top.method().is_string()) return std::unexpected(refused("`method` is not a text"));
    return id ? MessageKind::request : MessageKind::notification;
  }
  if (!method && id && result != error && !top.params().exists()) {
    return result ? MessageKind::result : MessageKind::error;
  }
  return std::unexpected(refused("a message is neither a request, a notification nor an answer"));
}

}  // namespace

Status parse_said(std::string_view text, json::Parser& parser, json::Document& document) {
  PAWL_TRY(parser.parse(text, document, as_it_came));
  // Every object of the document, wherever it stands: its nodes lie in one row.
  std::vector<std::string_view> names;
  const std::span<const json::Node> nodes = document.nodes();
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kind != json::Kind::object || nodes[i].size < 2) continue;
    const std::string_view* const twice = twice_in(json::View(&document, i), names);
    if (twice == nullptr) continue;
    const std::string name = in_backticks(*twice);
    document.clear();
    return std::unexpected(refused("a name stands twice in one object: " + name));
  }
  return {};
}

Result<Message> read_message(std::string_view line, Side side, json::Parser& parser,
                             json::Document& document) {
  const Status parsed =
      side == Side::client ? parser.parse(line, document) : parse_said(line, parser, document);
  PAWL_TRY(parsed);
  const json::View root = document.root();
  if (root.is_array()) return std::unexpected(refused("a batch of messages is not accepted"));
  if (!root.is_object()) return std::unexpected(refused("a message is not an object"));
  const Top top(root);
  PAWL_TRY(check_members(top));
  PAWL_TRY(check_id(top.id()));
  const Result<MessageKind> kind = kind_of(top, side);
  PAWL_TRY(kind);

  Message message;
  message.kind = *kind;
  message.params = top.params();
  if (message.params.exists() && !message.params.is_object()) {
    return std::unexpected(refused("`params` is not an object"));
  }
  if (top.method().is_string()) message.method = top.method().string();
  message.result = top.result();
  std::size_t seen = 0;
  for (const Slice& slice : top_level(line)) {
    ++seen;
    if (slice.key == MemberName::id) message.id = slice.value;
    if (slice.key == MemberName::params) message.params_text = slice.value;
    if (slice.key == MemberName::result) message.result_text = slice.value;
    if (slice.key == MemberName::error) message.error_text = slice.value;
  }
  // DuplicateKeys at the top are refused on both sides, also where a key is spelled with escapes.
  if (seen != root.size() || (message.kind != MessageKind::notification && message.id.empty()) ||
      (message.kind == MessageKind::result && message.result_text.empty()) ||
      (message.kind == MessageKind::error && message.error_text.empty())) {
    return std::unexpected(refused("a member of the message is spelled with escapes"));
  }
  if (std::ranges::any_of(top.times, [](std::uint32_t times) { return times > 1; })) {
    return std::unexpected(refused("a member of the message stands twice"));
  }
  return message;
}

std::string id_of(std::string_view line) {
  json::ParseLimits limits;
  limits.duplicate_keys = json::DuplicateKeys::permit;
  const auto document = json::parse(line, limits);
  // Not JSON, but the id may still be plain: a client that gets an answer need not wait.
  if (!document) return id_of_head(line);
  const json::View id = document->root()["id"];
  return id.is_string() || id.is_integer() ? json::write(id) : "null";
}

std::string id_of_head(std::string_view head) {
  std::string id = "null";
  // Only members that are complete in the head count, so the last one may be cut off.
  std::vector<Slice> slices = top_level(head);
  if (!slices.empty()) slices.pop_back();
  for (const Slice& slice : slices) {
    if (slice.key != "id") continue;
    const auto value = json::parse(slice.value);
    if (value && (value->root().is_string() || value->root().is_integer())) id = slice.value;
  }
  return id;
}

// Nearly all are plain.
std::string key_of(std::string_view id) {
  const bool digits = id.find_first_not_of("0123456789") == std::string_view::npos;
  const bool plain = id.starts_with('"') && is_ascii(id) && id.find('\\') == std::string_view::npos;
  if (digits || plain) return std::string(id);
  const auto document = json::parse(id);
  return document ? json::write(document->root()) : std::string(id);
}

std::optional<std::string> key_of_cancelled(json::View params) {
  const json::View id = params["requestId"];
  if (!id.is_string() && !id.is_integer()) return std::nullopt;
  return key_of(json::write(id));
}

std::string method_of(std::string_view line) {
  json::ParseLimits limits;
  limits.duplicate_keys = json::DuplicateKeys::permit;
  const auto document = json::parse(line, limits);
  if (!document || !document->root().is_object()) return {};
  return std::string(document->root().text("method").value_or(""));
}

void put_on_one_line(std::string& message) {
  for (const char end : {'\n', '\r'}) {
    for (std::size_t at = message.find(end); at != std::string::npos; at = message.find(end, at)) {
      message[at] = ' ';
    }
  }
}

std::string result_line(std::string_view id, std::string_view result) {
  std::string text;
  text.reserve(id.size() + result.size() + kLineBytes);
  text.append(R"({"jsonrpc":"2.0","id":)").append(id).append(R"(,"result":)").append(result);
  text += '}';
  return text;
}

std::string error_line(std::string_view id, int code, std::string_view message,
                       std::string_view data_json) {
  return raw_error_line(id, error_object(code, message, data_json));
}

std::string error_object(int code, std::string_view message, std::string_view data_json) {
  std::string text = fmt::format(R"({{"code":{},"message":)", code);
  json::write_string(message, text);
  if (!data_json.empty()) {
    text += R"(,"data":)";
    text += data_json;
  }
  text += '}';
  return text;
}

std::string raw_error_line(std::string_view id, std::string_view error) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{}}})", id, error);
}

std::string request_line(std::uint64_t id, std::string_view method, std::string_view params) {
  std::string text;
  text.reserve(params.size() + method.size() + kLineBytes);
  text.append(R"({"jsonrpc":"2.0","id":)").append(std::to_string(id)).append(R"(,"method":)");
  json::write_string(method, text);
  if (!params.empty()) {
    text += R"(,"params":)";
    text += params;
  }
  text += '}';
  return text;
}

std::string notification_line(std::string_view method, std::string_view params) {
  std::string text = R"({"jsonrpc":"2.0","method":)";
  json::write_string(method, text);
  if (!params.empty()) {
    text += R"(,"params":)";
    text += params;
  }
  text += '}';
  return text;
}

}  // namespace pawl::mcp
