// The ways in which a text is read, and what looks encoded in it.
#include <algorithm>
#include <bitset>

#include "base/text.h"
#include "lang/secret/secret.h"

namespace pawl {

namespace {

constexpr std::size_t run_min = 16;

// The value of a character of base64, of both alphabets; nothing for any other.
std::optional<std::uint32_t> sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return std::nullopt;
}

std::optional<std::uint32_t> nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// Bytes that the characters mean, `bits` of each, from the first one on.
template <class Value>
std::string decoded(std::string_view run, unsigned bits, Value value) {
  std::string out;
  std::uint32_t held = 0;
  unsigned have = 0;
  for (const char c : run) {
    held = (held << bits | *value(c)) & 0xffff;
    have += bits;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(held >> have & 0xff);
  }
  return out;
}

// Runs of at least 16 such characters; line breaks inside of one are skipped, as MIME has them.
template <class Value>
std::vector<std::string> runs_of(std::string_view text, Value value) {
  std::vector<std::string> out;
  std::string run;
  const auto end_run = [&] {
    if (run.size() >= run_min) out.push_back(std::move(run));
    run.clear();
  };
  for (const char c : text) {
    if (value(c)) {
      run += c;
    } else if (c != '\n' && c != '\r') {
      end_run();
    }
  }
  end_run();
  return out;
}

std::string without_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && nibble(text[i + 1]) && nibble(text[i + 2]);
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(*nibble(text[i + 1]) << 4 | *nibble(text[i + 2]));
    i += 2;
  }
  return out;
}

enum Kind : std::uint8_t { no_kind, digit_kind, lower_kind, upper_kind };
Kind kind_of(char c) {
  if (c >= '0' && c <= '9') return digit_kind;
  if (c >= 'a' && c <= 'z') return lower_kind;
  if (c >= 'A' && c <= 'Z') return upper_kind;
  return no_kind;
}

}  // namespace

std::optional<std::string> SecretSearch::find_plain(std::string_view text) const {
  if (const std::string_view what = find_credential(text); !what.empty()) {
    return "what looks like " + std::string(what);
  }
  if (listed_ != nullptr && listed_->in(text)) return "a text that the policy lists as secret";
  return std::nullopt;
}

std::optional<std::string> SecretSearch::find_encoded(std::string_view text) const {
  // The run may begin with characters that do not belong to it.
  for (const std::string& run : runs_of(text, sextet)) {
    for (std::size_t skip = 0; skip < 4; ++skip) {
      if (auto found = find_plain(decoded(std::string_view(run).substr(skip), 6, sextet))) {
        return *found + ", encoded";
      }
    }
  }
  for (const std::string& run : runs_of(text, nibble)) {
    for (std::size_t skip = 0; skip < 2; ++skip) {
      if (auto found = find_plain(decoded(std::string_view(run).substr(skip), 4, nibble))) {
        return *found + ", encoded";
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> SecretSearch::find(std::string_view text) const {
  if (auto found = find_plain(text)) return found;
  if (auto found = find_encoded(text)) return found;
  if (!is_ascii(text)) {
    std::string narrow = compose(text);
    std::erase_if(narrow, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    if (auto found = find_plain(narrow)) return found;
    if (auto found = find_encoded(narrow)) return found;
  }
  if (text.find('%') == std::string_view::npos) return std::nullopt;
  const std::string plain = without_percent(text);
  if (auto found = find_plain(plain)) return found;
  return find_encoded(plain);
}

// In base64 about two of three neighbours are of different kinds, in hexadecimal one of two, in
// base32 one of three; in words, code and dates far fewer.
void SecretSearch::judge_window() {
  filled_ = 0;
  std::size_t changes = 0;
  std::array<std::size_t, 4> kinds{};
  std::bitset<128> seen;
  for (std::size_t i = 0; i < window; ++i) {
    const Kind kind = kind_of(chars_[i]);
    ++kinds[kind];
    seen.set(static_cast<std::size_t>(chars_[i]));
    changes += i > 0 && kind != kind_of(chars_[i - 1]);
  }
  const bool dense = changes >= 24;
  const bool base32 = changes >= 13 && seen.count() >= 16 && kinds[digit_kind] > 0 &&
                      (kinds[lower_kind] == 0 || kinds[upper_kind] == 0);
  const bool number = kinds[digit_kind] == window;
  if (dense || base32 || number) encoded_ += window;
}

void SecretSearch::begin() {
  encoded_ = 0;
  filled_ = 0;
}

void SecretSearch::weigh(std::string_view text) {
  for (const char c : text) {
    if (kind_of(c) == no_kind) continue;
    chars_[filled_++] = c;
    if (filled_ == window) judge_window();
  }
}

}  // namespace pawl
