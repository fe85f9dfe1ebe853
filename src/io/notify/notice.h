// What people are told, and how it looks in each medium.
//
// A notice carries no authority: it names a question or an escalation, and a person who wants to
// answer proves who they are somewhere else (or, for reversible calls in Slack, by Slack's
// signature). Opening a link of one changes nothing.
//
// Sentences are pawl's own, but names, reasons and arguments in them may come from an agent or a
// server. So every text goes through one writer per medium, which leaves nothing in it that the
// medium acts upon: hidden and control characters are spelled out (base/text.h), addresses are
// broken (`https[:]//`), Slack's `&`, `<` and `>` are entities, so that `<!channel>` and
// `<https://evil|Approve>` are their own letters; a header of a mail is one line of encoded words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace pawl::notify {

inline constexpr std::size_t sentence_bytes_max = 1024;
inline constexpr std::size_t shown_bytes_max = 2400;  // of all arguments, in Slack

struct ShownValue {
  std::string name, text;
};

struct Notice {
  enum class Kind : std::uint8_t { question, escalation, told, acknowledged, resolved };
  Kind kind = Kind::told;
  std::string id;     // of the question or the escalation; empty: no one has to answer
  std::string event;  // `question`, `ceiling`, `killed`, …
  std::string run, sentence, contact;
  std::string link;  // where people answer; empty: in a terminal
  Instant at{};
  // Of a question that may be approved in Slack: all that would run, and the digest of that.
  std::vector<ShownValue> values;
  std::string shown;
};

// `question`, `escalation`, `told`, `acknowledged`, `resolved`.
std::string_view to_string(Notice::Kind kind);

// A text that no medium acts upon; at most so many bytes, cut at a character.
std::string neutral(std::string_view text, std::size_t bytes_max = sentence_bytes_max);
// The same inside of Slack's markup.
std::string slack_text(std::string_view text, std::size_t bytes_max = sentence_bytes_max);
// The value of a mail's header field, folded: printable ASCII alone (RFC 2047 where it was not).
std::string mail_header(std::string_view text);

// `pawl: a call waits for you`, `pawl: ceiling`.
std::string title_of(const Notice& notice);
// The notice as lines of plain text, already neutral.
std::string plain_text(const Notice& notice);

}  // namespace pawl::notify
