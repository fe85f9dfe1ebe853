// What the sponsor said: text that a person gave outside of the agent's process.
//
// A value was said where it stands in the text in whole tokens, one behind the other: `5` is not in
// `50`, and `myco.example` is not in `notmyco.example`. Tokens are compared folded (NFKC, case),
// without punctuation at their edges, without a slash at the end, without the `'s` of a possessive
// and without the `#` or `@` in front of a name. Numbers, account numbers, dates and addresses are
// compared as forms.h says; a date counts where the text gives its day, as `2025-01-02`, `January
// 2nd, 2025`, without a year, which then is any year, or counted from the day on which it was said
// (`tomorrow`, `next Friday`, `in two weeks`, in UTC); a date with a time counts where the text
// gives both, or gives no time of a day at all.
//
// What was only quoted was not said: lines behind `>`, fenced blocks, everything behind the head
// of a forwarded mail, and passages between quotation marks of more than `quoted_tokens_max` words
// or of several lines. Shorter ones are how people write names.
//
// Bounds: beyond `words_bytes_max` nothing is read, so nothing behind it was said. A question costs
// one look over the tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kernel/origin/forms.h"

namespace pawl {

inline constexpr std::size_t words_bytes_max = 64UL << 10;
inline constexpr std::size_t quoted_tokens_max = 8;
inline constexpr std::size_t said_tokens_max = 64;  // of a value; a longer one was not said

class SponsorWords {
 public:
  // Adds to what was said before; `said` is when.
  void add(std::string_view text, std::optional<Instant> said = std::nullopt);

  // A scalar of the arguments.
  bool said(json::View value) const;
  bool said(std::string_view text) const;
  // The hosts that were named, alone or in addresses.
  const std::set<std::string, std::less<>>& hosts() const { return hosts_; }
  // The paths that were named, as forms.h spells them.
  const std::set<std::string, std::less<>>& paths() const { return paths_; }

  struct Token {
    std::string raw;     // NFKC; edges taken off
    std::string folded;  // the same, folded
  };

 private:
  void learn_dates(std::size_t from);
  void learn_days(std::size_t from, std::int64_t today);
  bool said_page(std::string_view text) const;
  bool said_account(std::string_view form) const;
  bool said_in_a_row(const std::vector<Token>& wanted) const;

  std::vector<Token> tokens_;
  std::vector<PageForm> pages_;
  std::set<std::string, std::less<>> numbers_, dates_, times_, hosts_, paths_;
  std::size_t bytes_ = 0;
};

// The text without what it only quotes. Never longer, and no two parts of it grow together.
std::string without_quoted(std::string_view text);

// The tokens of one text.
std::vector<SponsorWords::Token> tokens_of(std::string_view text);

}  // namespace pawl
