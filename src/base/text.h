// Text as bytes of UTF-8: validity, folding, distance, and showing untrusted text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

bool valid_utf8(std::string_view text);

// Unicode case folding and NFKC (NFKC_Casefold): the form in which two names are "the same".
// ASCII takes a short way. Invalid UTF-8 comes back unchanged.
std::string fold(std::string_view text);

// NFKC alone.
std::string compose(std::string_view text);

// One of the ten of ASCII, whatever the locale; and a text that is nothing else, and not empty.
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool all_digits(std::string_view text);

bool is_ascii(std::string_view text);
std::string lower_ascii(std::string_view text);

// True where the text holds characters that a person cannot see: controls, zero width,
// bidirectional overrides, tag characters, variation selectors beyond U+FE0F, private use.
bool has_hidden_characters(std::string_view text);

// Untrusted text made visible: every control, escape, hidden or bidirectional character becomes
// `\u{202e}`; a backslash stays. The result never moves a cursor, sets a colour or reorders text.
// `newlines` keeps '\n' as it is.
enum class Newlines : unsigned char { escape, keep };
std::string escape_untrusted(std::string_view text, Newlines newlines = Newlines::escape);

// Foreign text in a message: made visible, in backticks, and no more of it than this.
std::string in_backticks(std::string_view text, std::size_t bytes_max = 64);

// Terminal columns that a visible text takes (wide characters count two).
std::size_t columns(std::string_view visible_text);

// The candidate nearest to `word` by edit distance (folded), or empty where none is near.
std::string closest_match(std::string_view word, const std::vector<std::string>& candidates);

// Glob: `*` any run of characters except '/', `**` any run, `?` one character except '/'. Whole
// text; no escapes and no sets. Takes text times pattern at most, whatever the two are.
bool glob_match(std::string_view pattern, std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

std::string hex(std::string_view bytes);
std::string base64(std::string_view bytes);
// Strict: no blanks, canonical padding. False on anything else.
bool unbase64(std::string_view text, std::string& out);
bool unhex(std::string_view text, std::string& out);

}  // namespace pawl
