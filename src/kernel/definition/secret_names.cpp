#include "kernel/definition/secret_names.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kernel/definition/definition.h"

namespace pawl {
namespace {

constexpr std::string_view kSecretWords[] = {"password",   "passphrase", "passwd",    "secret",
                                             "apikey",     "token",      "pincode",   "credential",
                                             "privatekey", "seedphrase", "accesskey", "cardnumber"};
// Too short to be looked for inside of words, and too common in sentences.
constexpr std::string_view kSecretAlone[] = {"otp", "pin", "pwd", "cvv", "cvc"};

bool holds_secret_word(std::string_view text) {
  return std::ranges::any_of(kSecretWords, [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// How keys of well known services begin, and keys in armour.
constexpr std::string_view kSecretStarts[] = {"sk-",    "ghp_", "gho_", "ghs_",      "github_pat_",
                                              "glpat-", "xox",  "AKIA", "ASIA",      "AIza",
                                              "eyJ",    "npm_", "hvs.", "-----BEGIN"};

}  // namespace

bool speaks_of_secret(std::string_view text) {
  std::string before;
  for (std::string& word : words_of(skeleton(text))) {
    if (holds_secret_word(word) || holds_secret_word(before + word)) return true;
    before = std::move(word);
  }
  return false;
}

bool names_secret(std::string_view name) {
  std::string letters;
  for (char c : skeleton(name)) {
    if (c >= 'a' && c <= 'z') letters += c;
  }
  if (holds_secret_word(letters)) return true;
  return std::ranges::any_of(words_of(skeleton(name)), [](const std::string& word) {
    return std::ranges::find(kSecretAlone, word) != std::end(kSecretAlone);
  });
}

bool looks_like_secret(std::string_view value) {
  const std::size_t first = value.find_first_not_of(" \t\r\n\"");
  if (first == std::string_view::npos) return false;
  value.remove_prefix(first);
  for (const std::string_view scheme : {"Bearer ", "bearer ", "Basic "}) {
    if (value.starts_with(scheme)) return true;
  }
  return std::ranges::any_of(kSecretStarts,
                             [value](std::string_view start) { return value.starts_with(start); });
}

}  // namespace pawl
