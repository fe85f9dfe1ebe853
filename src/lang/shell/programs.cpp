// Looking programs, options and subcommands up.
#include "lang/shell/programs.h"

#include <algorithm>
#include <array>

#include "lang/shell/rows.h"

namespace pawl::shell {
namespace {

struct Alias {
  std::string_view name;
  std::string_view canonical;
};
constexpr auto kAliases = std::to_array<Alias>({
    {"bsdtar", "tar"},     {"bunx", "npx"},       {"c++", "gcc"},
    {"cc", "gcc"},         {"clang++", "clang"},  {"docker-compose", "podman"},
    {"egrep", "grep"},     {"fdfind", "fd"},      {"fgrep", "grep"},
    {"g++", "gcc"},        {"gawk", "awk"},       {"bmake", "make"},
    {"remake", "make"},    {"colormake", "make"}, {"jruby", "ruby"},
    {"gmake", "make"},     {"gsed", "sed"},       {"gtar", "tar"},
    {"ksh", "zsh"},        {"mawk", "awk"},       {"mksh", "zsh"},
    {"nawk", "awk"},       {"nodejs", "node"},    {"original-awk", "awk"},
    {"py.test", "pytest"}, {"pypy", "python"},    {"rview", "vim"},
    {"rvim", "vim"},       {"tcsh", "zsh"},       {"csh", "zsh"},
    {"vimdiff", "vim"},    {"pwsh", "zsh"},       {"rbash", "zsh"},
    {"ash", "zsh"},        {"bunzip2", "7z"},     {"gunzip", "7z"},
    {"gzip", "7z"},        {"bzip2", "7z"},       {"xz", "7z"},
    {"unxz", "7z"},        {"zstd", "7z"},
});

bool listed(std::string_view name) {
  return is_interpreter(name) ||
         std::ranges::binary_search(program_table(), name, {}, &Program::name) ||
         std::ranges::binary_search(danger_table(), name, {}, &Danger::program);
}

// Short options: in a cluster up to the first letter that takes a value.
bool has_letter(const Program& program, std::string_view word, char letter) {
  for (const char c : word.substr(1)) {
    if (c == letter) return true;
    if (program.values.contains(c)) return false;
  }
  return false;
}

}  // namespace

std::string_view next_word(std::string_view& words) {
  const std::size_t stop = words.find(' ');
  const std::string_view word = words.substr(0, stop);
  words.remove_prefix(stop == words.npos ? words.size() : stop + 1);
  return word;
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    if (next_word(words) == word) return true;
  }
  return false;
}

std::string_view canonical_name(std::string_view program) {
  std::string_view name = base_name(program);
  if (listed(name)) return name;
  const auto alias = std::ranges::find(kAliases, name, &Alias::name);
  if (alias != kAliases.end()) return alias->canonical;
  const std::size_t last = name.find_last_not_of("0123456789.-");
  if (last == name.npos || last + 1 == name.size()) return name;
  const std::string_view stem = name.substr(0, last + 1);
  const auto versioned = std::ranges::find(kAliases, stem, &Alias::name);
  if (versioned != kAliases.end()) return versioned->canonical;
  return listed(stem) ? stem : name;
}

const Program& find_program(std::string_view name) {
  static constexpr Program none{};
  const auto table = program_table();
  const auto found = std::ranges::lower_bound(table, name, {}, &Program::name);
  return found != table.end() && found->name == name ? *found : none;
}

std::span<const Danger> dangers_of(std::string_view name) {
  const auto found = std::ranges::equal_range(danger_table(), name, {}, &Danger::program);
  return {found.begin(), found.end()};
}

bool has_option(const Program& program, std::string_view word, std::string_view option) {
  if (!option.starts_with('-')) {
    // `SHELL=…` of make, or a word as such.
    return word == option || (word.starts_with(option) && word.substr(option.size(), 1) == "=");
  }
  if (!word.starts_with('-') || word.size() < 2) return false;
  if (option.starts_with("--")) {
    if (!word.starts_with("--") || word.size() < 3) return false;
    const std::string_view name = word.substr(0, word.find('='));
    return option.starts_with(name);
  }
  if (option.size() == 2) return word[1] != '-' && has_letter(program, word, option[1]);
  if (word.starts_with("--")) word.remove_prefix(1);
  return word.starts_with(option) && (word.size() == option.size() || word[option.size()] == '=' ||
                                      option.starts_with("-XX") || word[option.size()] == ':');
}

Subcommand find_subcommand(const Program& program, std::span<const Argument> arguments) {
  Subcommand out;
  while (out.index < arguments.size()) {
    const Argument& word = arguments[out.index];
    if (!word.literal()) {
      out.certain = word.operand;
      return out;
    }
    // `cargo +nightly build`
    if (program.name == "cargo" && out.index == 0 && word.text.starts_with('+')) {
      ++out.index;
      continue;
    }
    if (word.text.size() < 2 || word.text[0] != '-') return out;
    std::string_view name = std::string_view(word.text).substr(1);
    const bool single = !name.starts_with('-');
    if (!single) name.remove_prefix(1);
    const std::size_t equals = name.find('=');
    const std::string_view stem = name.substr(0, equals);
    bool found = false;
    bool takes = false;
    for (std::string_view words = program.globals; !words.empty() && !found;) {
      std::string_view listed_option = next_word(words);
      const bool valued = listed_option.ends_with('=');
      if (valued) listed_option.remove_suffix(1);
      const bool exact = listed_option == stem;
      const bool attached = single && valued && listed_option.size() == 1 &&
                            name.starts_with(listed_option) && name.size() > 1;
      found = exact || attached;
      takes = exact && valued && equals == name.npos && !attached;
    }
    if (!found) {
      out.certain = false;
      return out;
    }
    const bool several =
        takes && out.index + 1 < arguments.size() && arguments[out.index + 1].known == Known::many;
    if (several) {
      out.certain = false;
      return out;
    }
    out.index += takes ? 2 : 1;
  }
  out.index = std::min(out.index, arguments.size());
  return out;
}

std::string_view subcommand_name(const Program& program, std::span<const Argument> arguments,
                                 const Subcommand& where) {
  if (!where.certain || where.index >= arguments.size()) return {};
  const Argument& word = arguments[where.index];
  if (!word.literal()) return {};
  for (std::string_view words = program.subcommands; !words.empty();) {
    const std::string_view pair = next_word(words);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == word.text) return pair.substr(equals + 1);
  }
  return word.text;
}

// What a line evidently touches: files, hosts, directories.

namespace {

bool is_network(std::string_view name) {
  return has_word("curl wget ssh scp sftp rsync nc ncat socat ping telnet ftp http https", name);
}

// The host of `scheme://user@host:port/…`; of `user@host:path` and, where `bare`, of `host/…`.
std::string_view host_in(std::string_view word, bool bare) {
  const std::size_t scheme = word.find("://");
  if (scheme != word.npos) {
    word.remove_prefix(scheme + 3);
    word = word.substr(0, word.find_first_of("/?#\\"));
    const std::size_t user = word.rfind('@');
    if (user != word.npos) word.remove_prefix(user + 1);
    if (word.starts_with('[')) return word.substr(0, word.find(']') + 1);
    return word.substr(0, word.find(':'));
  }
  const std::size_t at = word.find('@');
  const std::size_t colon = word.find(':', at == word.npos ? 0 : at);
  const std::size_t slash = word.find('/');
  if (colon != word.npos && colon > 0 && colon < slash) {
    const std::size_t from = at == word.npos ? 0 : at + 1;
    return from <= colon ? word.substr(from, colon - from) : std::string_view();
  }
  if (!bare) return {};
  if (at != word.npos && at < slash) word.remove_prefix(at + 1);
  return word.substr(0, word.find_first_of("/?#:"));
}

void add_hosts(const Command& command, std::string_view name, Effects& out) {
  const bool network = is_network(name);
  const bool git = name == "git";
  bool any = false;
  for (const Argument& word : command.arguments) {
    const bool option = word.text.starts_with('-');
    const bool url = word.text.contains("://");
    if (!word.literal()) {
      // A host may stand in what is not known.
      out.hosts_unknown = out.hosts_unknown || network || url;
      continue;
    }
    if (!url && (option || (!network && !git))) continue;
    const std::string_view host = host_in(word.text, network);
    if (host.empty()) {
      out.hosts_unknown = out.hosts_unknown || url;
      continue;
    }
    any = true;
    out.hosts.emplace_back(host);
  }
  out.hosts_unknown = out.hosts_unknown || (network && !any);
}

void add_files(const Command& command, std::uint32_t index, const Program& program, Effects& out) {
  for (const Redirection& redirection : command.redirections) {
    const bool write = redirection.kind != RedirectKind::read;
    out.files.push_back({redirection.target.text, redirection.target.literal(), write, index});
  }
  for (const Hazard& hazard : command.hazards) {
    if (hazard.effect == Effect::writes) {
      const bool known = hazard.has_value && hazard.value.literal();
      out.files.push_back({known ? hazard.value.text : "", known, true, index});
    }
    if (hazard.effect != Effect::elsewhere) continue;
    if (hazard.has_value && hazard.value.literal()) {
      out.directories.push_back(hazard.value.text);
    } else {
      out.directory_unknown = true;
    }
  }
  if (program.nature != Nature::writes) return;
  for (const Argument& word : command.arguments) {
    if (word.literal() && word.text.size() > 1 && word.text[0] == '-') {
      // `cp --target-directory=x`, `dd of=x`, `-tx`: the path is inside of the option.
      const std::size_t equals = word.text.find('=');
      if (equals != std::string::npos) {
        out.files.push_back({word.text.substr(equals + 1), true, true, index});
      } else if (word.text.size() > 2 && word.text[1] != '-' &&
                 program.values.find_first_of(std::string_view(word.text).substr(1)) !=
                     std::string_view::npos) {
        out.files.push_back({"", false, true, index});
      }
      continue;
    }
    const std::size_t equals = program.name == "dd" ? word.text.find('=') : std::string::npos;
    const std::string path = equals == std::string::npos ? word.text : word.text.substr(equals + 1);
    out.files.push_back({path, word.literal(), true, index});
  }
}

void add_directory(const Command& command, Effects& out) {
  if (command.standing != Standing::builtin) return;
  const bool moves =
      command.program == "cd" || command.program == "pushd" || command.program == "popd";
  if (!moves) return;
  for (const Argument& word : command.arguments) {
    if (word.literal() && word.text.size() > 1 && word.text[0] == '-') continue;
    // `cd -` and `cd` alone lead where only the shell knows.
    if (word.literal() && word.text != "-") {
      out.directories.push_back(word.text);
      return;
    }
    break;
  }
  out.directory_unknown = true;
}

}  // namespace

Effects effects_of(const Analysis& analysis) {
  Effects out;
  for (std::uint32_t i = 0; i < analysis.commands.size(); ++i) {
    const Command& command = analysis.commands[i];
    const std::string_view name = canonical_name(command.program);
    add_files(command, i, find_program(name), out);
    add_hosts(command, name, out);
    add_directory(command, out);
  }
  std::ranges::sort(out.hosts);
  out.hosts.erase(std::unique(out.hosts.begin(), out.hosts.end()), out.hosts.end());
  return out;
}

}  // namespace pawl::shell
