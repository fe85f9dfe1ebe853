#include "kernel/origin/words.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/origin/forms.h"

namespace pawl {
namespace {

constexpr std::size_t word_tokens_max = 8192;
const std::string any_year = "0000";

// Characters at the edge of a token that belong to the sentence, not to the value.
constexpr std::array<std::string_view, 28> edges = {
    ".",  ",", ";", ":", "!", "?", "(", ")", "[", "]", "{", "}", "<", ">",
    "\"", "'", "`", "*", "_", "|", "“", "”", "„", "‘", "’", "«", "»", "…",
};

bool drop_front(std::string_view& text) {
  for (const std::string_view edge : edges) {
    if (!text.starts_with(edge)) continue;
    text.remove_prefix(edge.size());
    return true;
  }
  return false;
}
bool drop_back(std::string_view& text) {
  for (const std::string_view edge : edges) {
    if (!text.ends_with(edge)) continue;
    text.remove_suffix(edge.size());
    return true;
  }
  return false;
}

// A comma or semicolon parts two tokens, unless it groups digits or stands in an address.
std::vector<std::string_view> at_commas(std::string_view word) {
  if (word.find("://") != std::string_view::npos) return {word};
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != ',' && word[i] != ';') continue;
    const bool groups = word[i] == ',' && i > 0 && i + 1 < word.size() && is_digit(word[i - 1]) &&
                        is_digit(word[i + 1]);
    if (groups) continue;
    out.push_back(word.substr(begin, i - begin));
    begin = i + 1;
  }
  out.push_back(word.substr(begin));
  return out;
}

// The token without what people put around a name: `'s` behind it, `#` or `@` in front.
std::array<std::string_view, 3> readings(std::string_view folded) {
  std::string_view owner = folded;
  if (owner.ends_with("'s")) owner.remove_suffix(2);
  if (owner.ends_with("’s")) owner.remove_suffix(std::string_view("’s").size());
  std::string_view name = folded;
  if (name.starts_with('#') || name.starts_with('@')) name.remove_prefix(1);
  return {folded, owner, name};
}

std::string_view without_slash(std::string_view text) {
  return text.size() > 1 && text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

bool same(const SponsorWords::Token& said, const SponsorWords::Token& wanted) {
  return std::ranges::any_of(readings(said.folded), [&](std::string_view reading) {
    return !reading.empty() && without_slash(reading) == without_slash(wanted.folded);
  });
}

std::string_view without_currency(std::string_view text) {
  for (const std::string_view sign : {"$", "€", "£", "¥"}) {
    if (text.starts_with(sign)) return text.substr(sign.size());
    if (text.ends_with(sign)) return text.substr(0, text.size() - sign.size());
  }
  return text;
}

// `january` and `jan`: 1. Anything else: 0.
unsigned month_of(std::string_view word) {
  constexpr std::array<std::string_view, 12> months = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  for (unsigned i = 0; i < months.size(); ++i) {
    if (word == months[i] || (word.size() == 3 && months[i].starts_with(word))) return i + 1;
  }
  return 0;
}

// `2`, `2nd`, `31st`; 0 where it is not a day.
unsigned day_of(std::string_view word) {
  for (const std::string_view suffix : {"st", "nd", "rd", "th"}) {
    if (word.ends_with(suffix)) {
      word.remove_suffix(suffix.size());
      break;
    }
  }
  if (word.empty() || word.size() > 2 || !std::ranges::all_of(word, is_digit)) return 0;
  unsigned day = 0;
  for (const char c : word) day = 10 * day + static_cast<unsigned>(c - '0');
  return day <= 31 ? day : 0;
}

bool is_year(std::string_view word) {
  return word.size() == 4 && std::ranges::all_of(word, is_digit);
}

std::string two(unsigned number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

// Days since 1970, in UTC.
std::int64_t day_number(Instant at) {
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  return at.ns / day_ns - (at.ns % day_ns < 0 ? 1 : 0);
}

// `2026-01-31`
std::string day_spelled(std::int64_t day) {
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  return to_string(Instant{day * day_ns}).substr(0, 10);
}

// The first of 1970 was a Thursday; Monday is 0.
int weekday_number(std::int64_t day) {
  return static_cast<int>(((day + 3) % 7 + 7) % 7);
}

// `friday` and `fri`: 4. Anything else: -1.
int weekday_of(std::string_view word) {
  constexpr std::array<std::string_view, 7> days = {"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};
  for (int i = 0; i < 7; ++i) {
    const std::string_view day = days[static_cast<std::size_t>(i)];
    if (word == day || (word.size() == 3 && day.starts_with(word))) return i;
  }
  return -1;
}

// `3`, `three`, `a`; -1 where it is no number.
int count_of(std::string_view word) {
  constexpr std::array<std::string_view, 13> words = {"zero", "one",    "two",   "three", "four",
                                                      "five", "six",    "seven", "eight", "nine",
                                                      "ten",  "eleven", "twelve"};
  if (word == "a") return 1;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (word == words[i]) return static_cast<int>(i);
  }
  if (word.empty() || word.size() > 3 || !all_digits(word)) return -1;
  int count = 0;
  for (const char c : word) count = 10 * count + (c - '0');
  return count;
}

int length_in_days(std::string_view word) {
  if (word == "day" || word == "days") return 1;
  return word == "week" || word == "weeks" ? 7 : 0;
}

// `10am`, `10:30pm`, and `10:30` on its own.
std::string clock_of(std::string_view word) {
  const bool noon = word.ends_with("pm");
  if (!noon && !word.ends_with("am")) return time_form(word);
  word.remove_suffix(2);
  std::string plain(word);
  if (plain.find(':') == std::string::npos) plain += ":00";
  const std::string time = time_form(plain);
  if (time.empty()) return {};
  const unsigned hour =
      10U * static_cast<unsigned>(time[0] - '0') + static_cast<unsigned>(time[1] - '0');
  if (hour == 0 || hour > 12) return {};
  return two(hour % 12 + (noon ? 12 : 0)) + time.substr(2);
}

}  // namespace

std::vector<SponsorWords::Token> tokens_of(std::string_view text) {
  std::vector<SponsorWords::Token> out;
  std::size_t i = 0;
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (i < text.size()) {
    while (i < text.size() && blank(text[i])) ++i;
    const std::size_t begin = i;
    while (i < text.size() && !blank(text[i])) ++i;
    for (std::string_view word : at_commas(text.substr(begin, i - begin))) {
      const std::string_view whole = word;
      while (drop_front(word)) {
      }
      while (drop_back(word)) {
      }
      // `_dmarc.myco.example`: the underscore belongs to the name, unless it marks words.
      const bool marked = whole.find('_', static_cast<std::size_t>(word.end() - whole.begin())) !=
                          std::string_view::npos;
      if (!marked && word.contains('.') && word.begin() != whole.begin() &&
          *(word.begin() - 1) == '_') {
        word = std::string_view(word.begin() - 1, word.end());
      }
      if (!word.empty()) out.push_back({std::string(word), fold(word)});
    }
  }
  return out;
}

void SponsorWords::add(std::string_view text, std::optional<Instant> said) {
  const std::size_t room = words_bytes_max - bytes_;
  if (!valid_utf8(text)) return;
  if (text.size() > room) {
    // The last token may be cut in two, and half a token was not said.
    text = text.substr(0, room);
    const std::size_t end = text.find_last_of(" \t\n\r");
    text = text.substr(0, end == std::string_view::npos ? 0 : end);
  }
  bytes_ += text.size();
  const std::size_t from = tokens_.size();
  for (Token& token : tokens_of(without_quoted(compose(text)))) {
    if (tokens_.size() >= word_tokens_max) break;
    if (std::string form = number_form(without_currency(token.folded)); !form.empty()) {
      numbers_.insert(std::move(form));
    }
    if (std::string host = host_form(token.raw); !host.empty()) hosts_.insert(std::move(host));
    if (auto page = page_form(token.raw)) pages_.push_back(std::move(*page));
    if (std::string path = path_form(token.raw); path.size() > 1) paths_.insert(std::move(path));
    tokens_.push_back(std::move(token));
  }
  learn_dates(from);
  if (said) learn_days(from, day_number(*said));
  // Two texts are not one sentence: nothing is said across the seam.
  if (tokens_.size() > from) tokens_.push_back({});
}

void SponsorWords::learn_dates(std::size_t from) {
  const auto word = [this](std::size_t i) {
    return i < tokens_.size() ? std::string_view(tokens_[i].folded) : std::string_view{};
  };
  for (std::size_t i = from; i < tokens_.size(); ++i) {
    const std::string whole = date_form(tokens_[i].raw);
    if (!whole.empty()) dates_.insert(whole.substr(0, 10));
    if (whole.size() > 10) times_.insert(whole.substr(11));
    std::string time = clock_of(word(i));
    if (time.empty() && day_of(word(i)) > 0 && (word(i + 1) == "am" || word(i + 1) == "pm")) {
      time = clock_of(std::string(word(i)) + std::string(word(i + 1)));
    }
    if (!time.empty()) times_.insert(time);
    // `january 2nd 2025`, `2 january 2025`, `2nd of january 2025`
    std::size_t at = i;
    unsigned month = month_of(word(at));
    unsigned day = month > 0 ? day_of(word(++at)) : day_of(word(at));
    if (month == 0 && day > 0) {
      at += word(at + 1) == "of" ? 2 : 1;
      month = month_of(word(at));
    }
    if (month == 0 || day == 0) continue;
    const std::string year = is_year(word(at + 1)) ? std::string(word(at + 1)) : any_year;
    dates_.insert(year + "-" + two(month) + "-" + two(day));
  }
}

// `tomorrow`, `next friday`, `in 3 days`, `two weeks from today`: days counted from `today`.
void SponsorWords::learn_days(std::size_t from, std::int64_t today) {
  // `tomorrow's` is about tomorrow.
  const auto word = [&](std::size_t i) {
    return i < tokens_.size() ? readings(tokens_[i].folded)[1] : std::string_view{};
  };
  const auto behind = [&](std::size_t i) { return i > from ? word(i - 1) : std::string_view{}; };
  const auto add = [&](std::int64_t days) { dates_.insert(day_spelled(today + days)); };
  for (std::size_t i = from; i < tokens_.size(); ++i) {
    const bool after = behind(i) == "after", before = behind(i) == "before";
    if (word(i) == "today" || word(i) == "tonight") add(0);
    if (word(i) == "tomorrow") add(after ? 2 : 1);
    if (word(i) == "yesterday") add(before ? -2 : -1);
    if (const int weekday = weekday_of(word(i)); weekday >= 0) {
      const std::int64_t ahead = (weekday - weekday_number(today) + 7) % 7;
      const bool last = behind(i) == "last";
      add(last ? (ahead == 0 ? -7 : ahead - 7) : ahead);
      // Said on that weekday, or with `next`, it may be the one of the week after.
      if (!last && (ahead == 0 || behind(i) == "next")) add(ahead + 7);
    }
    const int count = count_of(word(i));
    const int length = length_in_days(word(i + 1));
    if (count < 0 || length == 0) continue;
    const std::int64_t days = static_cast<std::int64_t>(count) * length;
    const bool from_now = word(i + 2) == "from" && (word(i + 3) == "now" || word(i + 3) == "today");
    if (behind(i) == "in" || from_now) add(days);
    if (word(i + 2) == "ago") add(-days);
  }
}

bool SponsorWords::said_in_a_row(const std::vector<Token>& wanted) const {
  if (wanted.empty() || wanted.size() > said_tokens_max) return false;
  for (std::size_t i = 0; i + wanted.size() <= tokens_.size(); ++i) {
    std::size_t same_so_far = 0;
    while (same_so_far < wanted.size() && same(tokens_[i + same_so_far], wanted[same_so_far])) {
      ++same_so_far;
    }
    if (same_so_far == wanted.size()) return true;
  }
  return false;
}

bool SponsorWords::said_account(std::string_view form) const {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    std::string joined;
    for (std::size_t j = i; j < tokens_.size() && joined.size() < form.size(); ++j) {
      if (tokens_[j].folded.empty()) break;
      joined += tokens_[j].folded;
    }
    if (joined == form) return true;
  }
  return false;
}

bool SponsorWords::said_page(std::string_view text) const {
  const auto wanted = page_form(text);
  if (!wanted) return false;
  // A page that was named names its host.
  const bool host = wanted->rest.find_first_of("/?#") == std::string::npos &&
                    text.find("://") == std::string_view::npos;
  return std::ranges::any_of(pages_, [&](const PageForm& page) {
    if (host && page.rest.substr(0, page.rest.find_first_of("/?#")) == wanted->rest) return true;
    return same_page(page, *wanted);
  });
}

bool SponsorWords::said(std::string_view text) const {
  if (!comparable(text)) return false;
  if (text.find("://") != std::string_view::npos) return said_page(text);
  if (const std::string date = date_form(text); !date.empty()) {
    const bool day =
        dates_.contains(date.substr(0, 10)) || dates_.contains(any_year + date.substr(4, 6));
    const bool time = date.size() == 10 || times_.empty() || times_.contains(date.substr(11));
    if (day && time) return true;
  }
  if (const std::string account = account_form(text); !account.empty()) {
    if (said_account(account)) return true;
  }
  if (const std::string path = path_form(text); path.size() > 1 && paths_.contains(path)) {
    return true;
  }
  // What stands at the edges of a value is part of it, also where the sentence would drop it.
  std::string_view inner = text;
  const bool host = text.starts_with('_') && text.contains('.');
  if ((!host && drop_front(inner)) || drop_back(inner)) return said_page(text);
  return said_in_a_row(tokens_of(text)) || said_page(text);
}

bool SponsorWords::said(json::View value) const {
  if (value.is_string()) return said(value.string());
  if (!value.is_number()) return false;
  const std::string form = number_form(json::write(value));
  return !form.empty() && numbers_.contains(form);
}

}  // namespace pawl
