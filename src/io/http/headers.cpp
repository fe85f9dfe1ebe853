#include "io/http/headers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include <openssl/crypto.h>

namespace pawl::http {
namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::array<bool, 256> token_characters() {
  std::array<bool, 256> yes{};
  for (unsigned c = '0'; c <= '9'; ++c) yes[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) yes[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) yes[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    yes[static_cast<unsigned char>(c)] = true;
  return yes;
}
constexpr std::array<bool, 256> kToken = token_characters();

// Room for the fields of most messages that say nothing of their size before.
constexpr std::size_t kUsualBytes = 256;
constexpr std::size_t kUsualFields = 6;

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  if (fields_.empty()) reserve(kUsualBytes, kUsualFields);
  const std::size_t at = text_.size();
  const std::size_t bytes = at + name.size() + value.size();
  if (bytes > text_.capacity()) {
    std::string longer;  // without a copy that stays behind: values may be secrets
    longer.reserve(2 * bytes);
    longer.append(text_);
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.swap(longer);
  }
  fields_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  text_.append(name).append(value);
  for (char& c : std::span(text_).subspan(at, name.size())) c = lower(c);
}

void Headers::reserve(std::size_t bytes, std::size_t fields) {
  text_.reserve(bytes);
  fields_.reserve(fields);
}

void Headers::wipe() {
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
  fields_.clear();
}

Header Headers::operator[](std::size_t i) const {
  const Field& field = fields_[i];
  const std::string_view all(text_);
  return {all.substr(field.at, field.name_bytes),
          all.substr(field.at + field.name_bytes, field.value_bytes)};
}

std::optional<std::string_view> Headers::find(std::string_view lower_name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Header header = (*this)[i];
    if (header.name == lower_name) return header.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view lower_name) const {
  std::size_t found = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) found += (*this)[i].name == lower_name ? 1 : 0;
  return found;
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  // Most values have no byte that could matter; eight are looked at together.
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t high = ones << 7;
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    const std::uint64_t deleted = word ^ (ones * 0x7f);
    // A byte below a blank, or a DEL. Which one does not matter: all are asked then.
    const std::uint64_t low = (word - ones * 0x20) & ~word;
    const std::uint64_t zero = (deleted - ones) & ~deleted;
    if (((low | zero) & high) != 0) break;
  }
  return std::ranges::all_of(text.substr(i), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool sendable(const Headers& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header header = headers[i];
    if (!is_token(header.name) || !is_field_value(header.value)) return false;
  }
  return true;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace pawl::http
