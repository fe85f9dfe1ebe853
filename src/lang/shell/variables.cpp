// Variables: which of them decide what runs, which do no harm, and which hold secrets.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "lang/shell/analyser.h"
#include "lang/shell/rows.h"

namespace pawl::shell {

// Which of them change what programs do cannot be listed completely, so the list that
// counts is the short one of those that do not.

namespace {

constexpr auto kCritical = std::to_array<std::string_view>({"BASHOPTS",
                                                            "BASH_COMPAT",
                                                            "BASH_ENV",
                                                            "BASH_LOADABLES_PATH",
                                                            "BASH_XTRACEFD",
                                                            "CDPATH",
                                                            "ENV",
                                                            "EXECIGNORE",
                                                            "GCONV_PATH",
                                                            "GLOBIGNORE",
                                                            "HISTFILE",
                                                            "IFS",
                                                            "LOCPATH",
                                                            "NLSPATH",
                                                            "PATH",
                                                            "POSIXLY_CORRECT",
                                                            "PROMPT_COMMAND",
                                                            "PS0",
                                                            "PS1",
                                                            "PS2",
                                                            "PS4",
                                                            "SHELLOPTS",
                                                            "_"});

// With a plain word as value; `=` gives the only values.
constexpr auto kHarmless = std::to_array<std::string_view>({"CI",
                                                            "CLICOLOR",
                                                            "CLICOLOR_FORCE",
                                                            "COLUMNS",
                                                            "DEBIAN_FRONTEND",
                                                            "FORCE_COLOR",
                                                            "GIT_OPTIONAL_LOCKS",
                                                            "GIT_PAGER=cat",
                                                            "GIT_PAGER=",
                                                            "GIT_TERMINAL_PROMPT",
                                                            "LANG",
                                                            "LANGUAGE",
                                                            "LC_ALL",
                                                            "LC_COLLATE",
                                                            "LC_CTYPE",
                                                            "LC_MESSAGES",
                                                            "LC_NUMERIC",
                                                            "LC_TIME",
                                                            "LINES",
                                                            "MANPAGER=cat",
                                                            "NODE_ENV",
                                                            "NO_COLOR",
                                                            "PAGER=cat",
                                                            "PAGER=",
                                                            "PYTHONDONTWRITEBYTECODE",
                                                            "PYTHONUNBUFFERED",
                                                            "RUST_BACKTRACE",
                                                            "TERM",
                                                            "TZ"});

bool plain_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ',' || c == ':' || c == '-' || c == '@' || c == '+';
  });
}

}  // namespace

bool critical_variable(std::string_view name) {
  return name.starts_with("LD_") || name.starts_with("DYLD_") || name.starts_with("BASH_FUNC") ||
         std::ranges::find(kCritical, name) != kCritical.end();
}

bool changes_charset(const Setting& setting) {
  if (!names_charset(setting.name)) return false;
  if (!setting.value.literal()) return true;
  std::string set(setting.value.text);
  for (char& c : set) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (set == "c" || set == "posix") return false;
  const std::size_t dot = set.find('.');
  const std::size_t modifier = std::min(set.find('@'), set.size());
  if (dot == std::string::npos || modifier < dot || !plain_value(set)) return true;
  // `en_US.UTF-8`, `sr_RS.utf8@latin`
  const std::string_view coded = std::string_view(set).substr(dot + 1, modifier - dot - 1);
  return coded != "utf-8" && coded != "utf8";
}

bool names_charset(std::string_view name) {
  return name == "LC_ALL" || name == "LC_CTYPE" || name == "LANG";
}

bool plain_setting(const Setting& setting) {
  return setting.value.literal() && plain_value(setting.value.text);
}

bool harmless_setting(const Setting& setting) {
  if (!plain_setting(setting)) return false;
  return std::ranges::any_of(kHarmless, [&](std::string_view entry) {
    const std::size_t equals = entry.find('=');
    if (entry.substr(0, equals) != setting.name) return false;
    return equals == entry.npos || entry.substr(equals + 1) == setting.value.text;
  });
}

namespace {

// Variables of the environment have names in capitals; these are known for what lies in them.
bool names_secret(std::string_view name) {
  if (std::ranges::any_of(name, [](char c) { return c >= 'a' && c <= 'z'; })) return false;
  constexpr auto parts = std::to_array<std::string_view>(
      {"TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CREDENTIAL", "APIKEY", "API_KEY", "ACCESS_KEY",
       "PRIVATE_KEY", "AUTH", "COOKIE", "WEBHOOK", "CONNECTION_STRING", "DATABASE_URL", "DB_URL",
       "REDIS_URL", "MONGO", "POSTGRES_URL", "AMQP_URL"});
  constexpr auto ends =
      std::to_array<std::string_view>({"_KEY", "_SK", "_PAT", "_PWD", "_DSN", "_PIN"});
  return std::ranges::any_of(parts, [&](std::string_view one) { return name.contains(one); }) ||
         std::ranges::any_of(ends, [&](std::string_view one) { return name.ends_with(one); });
}

}  // namespace

bool holds_secret(const Word& word) {
  return std::ranges::any_of(word.parts, [](const Part& part) {
    return (part.kind == PartKind::parameter && names_secret(part.text)) ||
           std::ranges::any_of(part.words, holds_secret);
  });
}

}  // namespace pawl::shell
