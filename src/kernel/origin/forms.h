// When two spellings are the same value.
//
// A value is compared in several forms, each a key with the kind of form in front, so that a form
// of one kind never meets one of another:
//   t  text: NFKC, case folded, runs of blanks as one
//   n  number: decimal, without leading zeros, grouping commas and zeros behind the point
//   i  account number (IBAN): without blanks
//   d  date `2026-01-31`, or date and time `2026-01-31T10:00`
//   u  address of a page with its scheme; the host folded, path and query as they are
// A value that is not in its own composed form (NFKC), or that holds invisible characters, has
// no form at all: what would be forwarded is not what was compared (case O07).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace pawl {

inline constexpr std::size_t origin_value_bytes_max = 1024;

using Forms = std::vector<std::string>;

Forms forms_of_text(std::string_view text);
// Of a scalar. Truth values and null come from nowhere in particular: they have no form.
Forms forms_of(json::View scalar);

// Whether a text may be compared at all.
bool comparable(std::string_view text);

// The parts, for code that reads running text. Empty where the text is no such thing.
std::string number_form(std::string_view text);   // `1,000.50` -> `1000.5`
std::string account_form(std::string_view text);  // `de89 3704 …` -> `de893704…`
std::string date_form(std::string_view text);     // `2026-01-31`, with `T10:00` where a time is
std::string time_form(std::string_view text);     // `9:30` -> `09:30`

struct PageForm {
  std::string scheme;  // folded; empty where none is written
  // Host folded, without `www.` and without the port that the scheme has anyway; path and query as
  // they are, without a last slash.
  std::string rest;
};
std::optional<PageForm> page_form(std::string_view text);
// Whether who named the first address named the second: the scheme may be left out, and what was
// named without encryption may be called with it.
bool same_page(const PageForm& named, const PageForm& wanted);
// The host that a text names, alone or in an address of a page or of a mailbox; folded, without
// `www.`.
std::string host_form(std::string_view text);
// `www.example.org` and `example.org` are one host to those who name it.
std::string_view without_www(std::string_view host);
// A path with a slash in it, without one at its end; empty where the text is no path, or is
// not spelled out: `/srv/app/` -> `/srv/app`, `docs/` -> `docs`.
std::string path_form(std::string_view text);

}  // namespace pawl
