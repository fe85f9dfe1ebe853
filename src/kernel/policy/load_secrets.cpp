// `secrets` of the file and of an entry: what must not leave with a call.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "base/text.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

struct Word {
  std::string_view word;
  Effect means;
};
constexpr std::array<Word, 3> kSecretWords = {
    {{"hold", Effect::hold}, {"deny", Effect::deny}, {"allow", Effect::allow}}};

// The file says how strict it is, `hold` or `deny`; only an entry may `allow`.
std::optional<Effect> read_word(Build& build, const yaml::Node& node, std::string_view what,
                                std::span<const Word> words, std::string_view expected) {
  const auto text = build.reading.text(node, what);
  if (!text) return std::nullopt;
  const auto found = std::ranges::find(words, *text, &Word::word);
  if (found != words.end()) return found->means;
  build.reading.mistake(
      node.at, fmt::format("`{}` is `{}`, expected {}", what, escape_untrusted(*text), expected));
  return std::nullopt;
}

void read_listed(Build& build, const yaml::Node& node) {
  Secrets& secrets = build.policy.secrets;
  for (Placed& text : build.lists.texts(build.reading, node, "listed")) {
    if (ListedTexts::form(text.text).size() < listed_chars_min) {
      build.reading.mistake(text.at, fmt::format("a text of `listed` needs at least {} letters or "
                                                 "digits: it is looked for in every argument",
                                                 listed_chars_min));
      continue;
    }
    secrets.texts.push_back(std::move(text.text));
  }
  std::ranges::sort(secrets.texts);
  auto made = ListedTexts::make(secrets.texts);
  if (made) secrets.listed = std::make_shared<const ListedTexts>(std::move(*made));
}

}  // namespace

void read_secrets(Build& build, const yaml::Node& node) {
  build.policy.secrets.rule = {"secrets", node.at};
  const bool read = build.reading.keys(node, Section::secrets, [&](const yaml::Entry& key) {
    if (key.key == "listed") {
      read_listed(build, key.value);
    } else if (key.key == "then") {
      const auto then =
          read_word(build, key.value, "then", std::span(kSecretWords).first(2), "`hold` or `deny`");
      build.policy.secrets.then = then.value_or(Effect::deny);
    } else {
      return false;
    }
    return true;
  });
  if (read && node.entries.empty()) build.reading.mistake(node.at, "`secrets` is empty");
}

void read_entry_secrets(Build& build, const yaml::Entry& key, ToolRule& rule) {
  rule.secrets = read_word(build, key.value, "secrets", kSecretWords, "`hold`, `deny` or `allow`");
  rule.secrets_rule = {rule.rule.path + "/secrets", key.key_at};
  if (rule.secrets != Effect::allow) return;
  build.note(Finding::Weight::warning, key.key_at,
             fmt::format("nobody looks for credentials in the arguments of `{}`: `secrets: allow`",
                         escape_untrusted(rule.key)));
}

}  // namespace pawl
