// What should not leave through the arguments of a call that carries data outside (case P15):
// credentials, texts that the policy lists, and data in an unreadable encoding.
//
//   SecretSearch search(&listed);
//   for every argument:
//     search.begin();
//     for every text in it:  search.weigh(text);  if (const auto what = search.find(text)) …
//     if (search.encoded() > encoded_chars_max) …
//
// A text is read as it stands, without width and hidden characters, with its `%41` undone, and with
// what could be base64 (either alphabet, any padding, any beginning) or hexadecimal in it decoded.
// An author who invents an encoding gets past every search; the bounds on lengths, hosts and calls
// are what holds then. Pure, linear in the text, and nothing of the text is in what it says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

inline constexpr std::size_t listed_chars_min = 4;
inline constexpr std::uint64_t encoded_chars_max = 512;

// Texts to look for inside of others. Letters and digits count; case, width, blanks, punctuation
// and hidden characters do not. Immutable.
class ListedTexts {
 public:
  // An error names no text: one of them has fewer than four letters and digits.
  static Result<ListedTexts> make(const std::vector<std::string>& texts);

  bool in(std::string_view text) const;
  // The form in which texts are compared.
  static std::string form(std::string_view text);

 private:
  bool starts_with_one(std::string_view text) const;

  std::vector<std::string> sorted_;  // forms; none is the beginning of another
  std::array<bool, 256> first_{};    // bytes that one of them begins with
};

// `an AWS access key`, `a private key`, …: the first credential of a known shape, as it stands in
// the text; empty where there is none.
std::string_view find_credential(std::string_view text);

class SecretSearch {
 public:
  // `listed` may be null and must live as long.
  explicit SecretSearch(const ListedTexts* listed) : listed_(listed) {}

  // What the text holds, in words: `what looks like a GitHub token`, `a text that the policy
  // lists`.
  std::optional<std::string> find(std::string_view text) const;

  // Begins to weigh again: once for each argument.
  void begin();
  // Adds a text to what is weighed. Many short pieces weigh as much as a long one.
  void weigh(std::string_view text);
  // How many letters and digits since `begin` look like base64, base32, hexadecimal or bare digits.
  std::uint64_t encoded() const { return encoded_; }

 private:
  std::optional<std::string> find_plain(std::string_view text) const;
  std::optional<std::string> find_encoded(std::string_view text) const;
  void judge_window();

  const ListedTexts* listed_;
  std::uint64_t encoded_ = 0;
  // The window of letters and digits that is being filled.
  static constexpr std::size_t window = 64;
  std::array<char, window> chars_{};
  std::size_t filled_ = 0;
};

}  // namespace pawl
