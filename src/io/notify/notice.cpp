#include "io/notify/notice.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"

namespace pawl::notify {
namespace {

constexpr std::size_t encoded_word_bytes = 39;  // becomes 52 of base64, and 64 with what is around

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
  return text;
}

}  // namespace

std::string_view to_string(Notice::Kind kind) {
  switch (kind) {
    case Notice::Kind::question:
      return "question";
    case Notice::Kind::escalation:
      return "escalation";
    case Notice::Kind::told:
      return "told";
    case Notice::Kind::acknowledged:
      return "acknowledged";
    case Notice::Kind::resolved:
      return "resolved";
  }
  return "told";
}

std::string neutral(std::string_view text, std::size_t bytes_max) {
  // Only what is shown is looked at: a long text costs no more than a short one.
  const std::string_view part = text.substr(0, bytes_max * 4);
  return utf8::shortened(replaced(escape_untrusted(part), "://", "[:]//"), bytes_max);
}

std::string slack_text(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : neutral(text, bytes_max)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string mail_header(std::string_view text) {
  const std::string plain = neutral(text, 200);
  // `=?` would begin an encoded word.
  if (is_ascii(plain) && plain.find("=?") == std::string::npos && plain.size() <= 70) return plain;
  std::string out;
  for (std::string_view rest = plain; !rest.empty();) {
    const std::string_view part = utf8::beginning(rest, encoded_word_bytes);
    if (!out.empty()) out += "\r\n ";
    out += "=?utf-8?B?" + base64(part) + "?=";
    rest.remove_prefix(part.size());
  }
  return out;
}

std::string title_of(const Notice& notice) {
  switch (notice.kind) {
    case Notice::Kind::question:
      return "pawl: a call waits for you";
    case Notice::Kind::escalation:
    case Notice::Kind::told:
      return "pawl: " + neutral(notice.event, 64);
    case Notice::Kind::acknowledged:
      return "pawl: acknowledged: " + neutral(notice.event, 64);
    case Notice::Kind::resolved:
      return "pawl: over: " + neutral(notice.event, 64);
  }
  return "pawl";
}

std::string plain_text(const Notice& notice) {
  std::string out = neutral(notice.sentence) + "\n";
  if (!notice.run.empty()) out += fmt::format("run: {}\n", neutral(notice.run, 64));
  if (notice.id.empty()) return out;
  const std::string id = neutral(notice.id, 64);
  if (notice.kind == Notice::Kind::question) {
    out += fmt::format("answer it: pawl approvals show {}\n", id);
    if (!notice.link.empty()) out += fmt::format("or sign in: {}/#/queue/{}\n", notice.link, id);
  } else if (notice.kind == Notice::Kind::escalation) {
    out += fmt::format("acknowledge it: pawl ack {}\n", id);
  }
  return out;
}

}  // namespace pawl::notify
