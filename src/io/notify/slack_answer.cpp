#include "io/notify/slack_answer.h"

#include <charconv>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::notify {
namespace {

constexpr std::string_view version_prefix = "v0=";
constexpr std::string_view payload_field = "payload=";
constexpr std::size_t id_bytes_max = 64;
constexpr std::size_t shown_digest_bytes_max = 80;
constexpr std::int64_t second_ns = 1'000'000'000;

Status not_counted(std::string_view why) {
  return fail(ErrorKind::refused, "this does not show that Slack sent it: " + std::string(why));
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// The value of a form's field; nothing where it is not encoded as forms are.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+') {
      out += ' ';
    } else if (c != '%') {
      out += c;
    } else {
      const bool room = text.size() - i > 2;
      const auto high = room ? digit(text[i + 1]) : std::nullopt;
      const auto low = room ? digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return std::nullopt;
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return out;
}

bool made_of(std::string_view text, std::size_t bytes_max, std::string_view permitted) {
  return !text.empty() && text.size() <= bytes_max &&
         text.find_first_not_of(permitted) == std::string_view::npos;
}

constexpr std::string_view id_characters = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view digest_characters = "abcdefghijklmnopqrstuvwxyz0123456789:";
constexpr std::string_view account_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

std::optional<Pressed> pressed_of(std::string_view action) {
  if (action == "pawl_approve") return Pressed::approve;
  if (action == "pawl_reject") return Pressed::reject;
  if (action == "pawl_acknowledge") return Pressed::acknowledge;
  if (action == "pawl_open") return Pressed::open;
  return std::nullopt;
}

}  // namespace

Status SlackProofs::check(std::string_view secret, const SignedPost& post, Instant now) {
  if (secret.empty()) return not_counted("there is no signing secret");
  std::int64_t sent = 0;
  const char* const last = post.timestamp.data() + post.timestamp.size();
  const auto [end, wrong] = std::from_chars(post.timestamp.data(), last, sent);
  if (post.timestamp.size() > 12 || wrong != std::errc() || end != last || sent < 0) {
    return not_counted("it has no time");
  }
  const std::string base = "v0:" + std::string(post.timestamp) + ":" + std::string(post.body);
  const std::string wanted = std::string(version_prefix) + hex(hmac_sha256(secret, base));
  if (!equal_constant_time(wanted, post.signature)) return not_counted("its signature is another");
  const std::int64_t second = now.ns / second_ns;
  const std::int64_t window = signature_window.ns / second_ns;
  if (sent > second + window || sent < second - window) return not_counted("it is too old");
  std::erase_if(seen_, [second](const auto& one) { return one.second < second; });
  if (seen_.contains(post.signature)) return not_counted("it came before");
  if (seen_.size() >= seen_max) return not_counted("too many came within minutes");
  seen_.emplace(post.signature, sent + window);
  return {};
}

Result<SlackAnswer> read_slack_answer(std::string_view body) {
  const auto wrong = [](std::string_view what) -> Result<SlackAnswer> {
    return fail(ErrorKind::invalid, "what Slack posted cannot be read: " + std::string(what));
  };
  if (body.size() > callback_bytes_max) return wrong("it is too long");
  if (!body.starts_with(payload_field) || body.find('&') != std::string_view::npos) {
    return wrong("it is not one form field `payload`");
  }
  const auto text = decoded(body.substr(payload_field.size()));
  if (!text) return wrong("the form is not encoded");
  const auto document = json::parse(*text);
  if (!document || !document->root().is_object()) return wrong("`payload` is not a JSON object");
  const json::View root = document->root();
  if (root.text("type").value_or("") != "block_actions")
    return wrong("it is not a press of a button");
  const json::View actions = root["actions"];
  if (!actions.is_array() || actions.size() != 1) return wrong("it is not one button");
  SlackAnswer answer;
  for (const json::View action : actions.elements()) {
    const auto pressed = pressed_of(action.text("action_id").value_or(""));
    if (!pressed) return wrong("the button is not one of ours");
    answer.pressed = *pressed;
    const std::string_view value = action.text("value").value_or("");
    const std::size_t blank = value.find(' ');
    answer.id = value.substr(0, blank);
    if (blank != value.npos) answer.shown = value.substr(blank + 1);
  }
  answer.account = root["user"].text("id").value_or("");
  if (!made_of(answer.account, id_bytes_max, account_characters))
    return wrong("it names no person");
  if (answer.pressed == Pressed::open) return answer;
  if (!made_of(answer.id, id_bytes_max, id_characters)) return wrong("it is about nothing");
  if (!answer.shown.empty() && !made_of(answer.shown, shown_digest_bytes_max, digest_characters)) {
    return wrong("it says nothing about what was shown");
  }
  const std::string_view channel = root["channel"].text("id").value_or("");
  const std::string_view thread = root["message"].text("ts").value_or("");
  if (made_of(channel, id_bytes_max, account_characters) &&
      made_of(thread, id_bytes_max, "0123456789.")) {
    answer.channel = channel;
    answer.thread = thread;
  }
  return answer;
}

}  // namespace pawl::notify
