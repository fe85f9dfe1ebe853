// What a line evidently touches: files, hosts, directories.
#include <algorithm>

#include "lang/shell/programs.h"
#include "lang/shell/rows.h"

namespace pawl::shell {
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
