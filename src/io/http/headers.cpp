#include "io/http/headers.h"

#include <algorithm>
#include <array>

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

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  fields_.push_back({static_cast<std::uint32_t>(text_.size()),
                     static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  for (const char c : name) text_ += lower(c);
  text_ += value;
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
  return std::ranges::all_of(text, [](char c) {
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
