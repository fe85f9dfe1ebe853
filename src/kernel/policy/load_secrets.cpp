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

void read_listed(Build& build, Secrets& secrets, const yaml::Entry& key) {
  for (Placed& text : build.lists.texts(build.reading, key.value, key.key)) {
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

void read_then_of_secrets(Build& build, Secrets& secrets, const yaml::Entry& key) {
  const auto then =
      read_word(build, key.value, key.key, std::span(kSecretWords).first(2), "`hold` or `deny`");
  secrets.then = then.value_or(Effect::deny);
}

constexpr auto kSecretsKeys = section_keys<Build, Secrets>(
    Section::secrets,
    {
        {"listed", "list of texts", "none", 11,
         "Texts that are secret too, found inside of longer ones, in any case, with any "
         "punctuation, "
         "and encoded.",
         read_listed},
        {"then", "`hold` or `deny`", "`hold`", 11,
         "What happens to such a call, unless its entry says.", read_then_of_secrets},
    });

}  // namespace

void list_secrets_keys(std::vector<Key>& into) {
  kSecretsKeys.list(into);
}

void read_secrets(Build& build, const yaml::Node& node) {
  Secrets& secrets = build.policy.secrets;
  secrets.rule = {"secrets", node.at};
  if (read_section(build, node, kSecretsKeys, secrets) && node.entries.empty()) {
    build.reading.mistake(node.at, "`secrets` is empty");
  }
}

void read_entry_secrets(Build& build, ToolRule& rule, const yaml::Entry& key) {
  rule.secrets = read_word(build, key.value, key.key, kSecretWords, "`hold`, `deny` or `allow`");
  rule.secrets_rule = {rule.rule.path + "/secrets", key.key_at};
  if (rule.secrets != Effect::allow) return;
  build.note(Finding::Weight::warning, key.key_at,
             fmt::format("the arguments of `{}` are not searched for credentials: `secrets: allow`",
                         escape_untrusted(rule.key)));
}

}  // namespace pawl
