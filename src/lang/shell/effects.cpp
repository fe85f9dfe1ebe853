// What a line evidently touches: files, hosts, directories.
#include <algorithm>

#include "base/text.h"
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

// `a` and `b` behind it: `b` where it is absolute.
std::string join(std::string_view a, std::string_view b) {
  if (a.empty() || b.starts_with('/')) return std::string(b);
  std::string out(a);
  if (!out.ends_with('/')) out += '/';
  return out + std::string(b);
}

std::string_view last_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return base_name(path);
}

}  // namespace

std::string packages_directory(std::string_view pattern) {
  const std::size_t dots = pattern.find("...");
  if (dots == pattern.npos) return std::string(pattern);
  const std::size_t slash = pattern.rfind('/', dots);
  return slash == pattern.npos ? "."
                               : std::string(pattern.substr(0, std::max<std::size_t>(slash, 1)));
}

namespace {

// The files of one command, by its description.
class FileList {
 public:
  FileList(const Command& command, std::uint32_t index, Effects& out)
      : command_(command), index_(index), out_(out), reading_(read_command(command)) {}

  void add() {
    redirections();
    // What runs the program behind it touches nothing itself.
    if (command_.standing == Standing::through || command_.standing == Standing::silent) return;
    find_place();
    for (const Hazard& hazard : command_.hazards) {
      if (hazard.effect == Effect::writes) write_hazard(hazard);
    }
    for (const std::string& input : command_.inputs) file(Argument{input}, {});
    options();
    const bool archive = reading_.form != nullptr && reading_.form->usage->program == "tar";
    const std::size_t before = out_.files.size();
    archive ? tar() : operands();
    backups(before);
    // With words that are not described, anything.
    if (!reading_.exact() && reading_.top != nullptr && !lenient()) unknown_write();
    const bool inside = std::ranges::any_of(
        reading_.operands, [](const Reading::Operand& one) { return one.role == Role::into; });
    const bool here_too = reading_.has('y') && !reading_.has('n');
    // A worktree is written in the repository too.
    const bool both = !inside || reading_.sub == "worktree";
    if ((reading_.does('w') && both) || here_too || reading_.inner_writes) {
      FileEffect here;
      here.path = place_.empty() ? "." : place_;
      here.known = !place_unknown_;
      here.here = place_.empty() && !place_unknown_;
      put(here, true);
    }
  }

 private:
  bool lenient() const {
    return reading_.form != nullptr && (reading_.form->does('h') || reading_.form->does('c'));
  }

  void put(FileEffect effect, bool write) {
    effect.write = write;
    effect.command = index_;
    out_.files.push_back(std::move(effect));
  }
  void unknown_read() {
    FileEffect effect;
    effect.known = false;
    put(effect, false);
  }
  bool names_archive() const {
    return std::ranges::any_of(reading_.options, [&](const Reading::Given& given) {
      return given.option->effects.contains('f') && !reading_.value(command_, given).is("-");
    });
  }
  void unknown_write() {
    FileEffect effect;
    effect.known = false;
    put(effect, true);
  }

  void redirections() {
    for (const Redirection& redirection : command_.redirections) {
      FileEffect effect;
      effect.path = redirection.target.text;
      effect.known = redirection.target.literal();
      const bool reads = redirection.kind == RedirectKind::read;
      if (redirection.kind == RedirectKind::read_write) put(effect, false);
      put(std::move(effect), !reads);
    }
  }

  // Options that are like `cd`; `--manifest-path` and the like name a place and stay.
  bool moves(std::string_view option) const {
    if (has_word("-C --directory --prefix --cwd -chdir --working-directory", option)) return true;
    return has_word("just task pnpm", canonical_name(command_.program));
  }

  // `git -C a -C b`, `make -C`: where its own paths begin.
  void find_place() {
    for (const Reading::Given& given : reading_.options) {
      if (!given.option->effects.contains('d') || !moves(given.option->name)) continue;
      const Argument value = reading_.value(command_, given);
      place_unknown_ = place_unknown_ || !value.literal() || value.text.empty();
      place_ = join(place_, value.text);
    }
  }

  // A path as this command reads it.
  FileEffect effect_of(const Argument& word) const {
    FileEffect effect;
    effect.known = word.literal();
    effect.home = word.home;
    effect.glob = !word.glob.empty();
    effect.path = word.glob.empty() ? word.text : word.glob;
    const bool relative = !effect.path.starts_with('/');
    if (relative && place_unknown_) effect.known = effect.glob = false;
    effect.path = join(place_, effect.path);
    return effect;
  }

  struct How {
    bool write = false;
    bool look = false;
    bool deep = false;
    bool maybe = false;
    bool gone = false;
  };
  void file(const Argument& word, How how) {
    if (word.is("-")) return;  // its input
    FileEffect effect = effect_of(word);
    effect.look = how.look;
    effect.deep = how.deep;
    effect.maybe = how.maybe;
    effect.gone = how.gone;
    put(std::move(effect), how.write);
  }

  void write_hazard(const Hazard& hazard) {
    if (hazard.has_value && !hazard.value.is("-")) return file(hazard.value, {.write = true});
    if (!hazard.has_value) unknown_write();
  }

  void options() {
    for (const Reading::Given& given : reading_.options) {
      for (const char letter : given.option->effects) {
        const Argument value = reading_.value(command_, given);
        if (letter == 'r' && (given.value > 0 || given.from > 0)) file(value, {});
        if (letter == 'l') file(value, {.look = true});
        if (letter == 'i') file(value, {.write = true, .deep = true});
        if (letter == 'a') behind_at(value);
        if (letter == 'F') listed(value);
        if (letter == 'g') searched(value, given);
        if (letter == 'm' && value.text.find_first_of("/\\.") != value.text.npos) file(value, {});
        if (letter == 'v') behind_colon(value);
      }
      if (given.option->name == "--url") address(reading_.value(command_, given));
    }
  }

  // A file that lists those to read: `tar -T`, `wc --files0-from`.
  void listed(const Argument& value) {
    file(value, {});
    unknown_read();
  }

  // `--include=.env`, `rg -g '*.pem'`: files of that name, wherever it looks. `!x` leaves out.
  void searched(const Argument& value, const Reading::Given& given) {
    // The shell leaves `--include=*.pem` as it is, where no file has such a name.
    const std::string& whole = value.literal() ? value.text : value.glob;
    const std::size_t from = value.literal() ? 0 : std::min<std::size_t>(given.from, whole.size());
    std::string_view name = std::string_view(whole).substr(from);
    if (name.empty() || name[0] == '!') return;
    name = name.substr(name[0] == '/' ? 1 : 0);
    Argument pattern{std::string(name)};
    if (name.find_first_of("*?[") != name.npos) {
      pattern.known = Known::many;
      pattern.glob = name;
    }
    file(pattern, {});
  }

  // `git log -L1,5:FILE`
  void behind_colon(const Argument& value) {
    Argument name = value;
    name.text = value.text.substr(std::min(value.text.rfind(':'), value.text.size() - 1) + 1);
    file(name, {});
  }

  // `file:///x`, of which a program of the network is a reader like any other.
  void address(const Argument& word) {
    constexpr std::string_view scheme = "file:";
    if (lower_ascii(word.text.substr(0, scheme.size())) != scheme) return;
    Argument path = word;
    path.text = word.text.substr(scheme.size());
    if (path.text.starts_with("//"))
      path.text.erase(0, std::min(path.text.find('/', 2), path.text.size()));
    // What is coded or a pattern may be any.
    if (path.text.find_first_of("%{[?#") != std::string::npos) path.known = Known::one;
    file(path, {.deep = true});
  }

  // `-d @file`, `-F part=@file;type=x`, `-H @file`.
  void behind_at(const Argument& value) {
    const std::size_t at = value.text.find_first_of("@<");
    const bool named = at != std::string::npos && (at == 0 || value.text[at - 1] == '=');
    const bool encoded = at != std::string::npos && value.text[at] == '@';
    if (!value.literal() && (at == std::string::npos || named)) {
      FileEffect effect;
      effect.known = false;
      return put(effect, false);
    }
    if (!named && !encoded) return;
    Argument name = value;
    name.text = value.text.substr(at + 1);
    file(name, {});
    const std::size_t stop = name.text.find(';');
    if (stop == std::string::npos) return;
    name.text.resize(stop);
    file(name, {});
  }

  bool recursive() const {
    const auto spelled = [&](std::string_view name) {
      return std::ranges::any_of(reading_.options, [&](const Reading::Given& given) {
        return given.option->name == name;
      });
    };
    return spelled("-r") || spelled("-R") || spelled("-a") || spelled("--recursive") ||
           spelled("--archive");
  }

  // `if=x` of dd.
  void input(const Argument& word) {
    Argument name = word;
    if (canonical_name(command_.program) == "dd") name.text = word.text.substr(3);
    file(name, {.deep = true});
  }

  void operands() {
    const bool rooted = command_.standing == Standing::builtin;
    const bool searches = has_word("find fd", canonical_name(command_.program));
    const bool network = is_network(canonical_name(command_.program));
    const bool go = canonical_name(command_.program) == "go";
    bool target = false;
    for (const Reading::Operand& operand : reading_.operands) {
      const Argument& word = command_.arguments[operand.at];
      switch (operand.role) {
        case Role::read:
          input(word);
          break;
        case Role::look:
          file(go ? packages(word) : word, {.look = true});
          break;
        case Role::rev:
          revision(word);
          break;
        case Role::script:
          file(word, {});
          break;
        case Role::move:
          file(word, {.deep = true});
          file(word, {.write = true, .deep = true, .gone = true});
          break;
        case Role::write:
          if (rooted) break;
          target = true;
          written(word);
          break;
        case Role::into:
          file(go ? packages(word) : word, {.write = true, .deep = true});
          break;
        case Role::text:
          if (network) address(word);
          break;
        case Role::pattern:
          break;
      }
    }
    // What `find . -delete` removes lies below where it looks.
    if (searches && reading_.has('o') && !target)
      file(Argument{"."}, {.write = true, .deep = true});
    copies();
  }

  // `./...` of go: all packages below.
  static Argument packages(const Argument& word) {
    Argument out = word;
    out.text = packages_directory(word.text);
    return out;
  }

  void written(const Argument& word) {
    const std::string_view program = canonical_name(command_.program);
    if (program == "dd" && word.text.starts_with("of=")) {
      Argument name = word;
      name.text = word.text.substr(3);
      return file(name, {.write = true});
    }
    // The place that a link leads to is relative to the link.
    const bool link = program == "ln";
    file(word, {.write = true,
                .deep = recursive() || has_word("mv find git", program) || link,
                .gone = recursive() && program == "rm"});
  }

  // Below a directory that is copied or moved to, the names of what is copied.
  void copies() {
    std::vector<const Argument*> sources;
    const Argument* into = nullptr;
    Argument target;
    for (const Reading::Given& given : reading_.options) {
      if (!given.option->effects.contains('t')) continue;
      target = reading_.value(command_, given);
      into = &target;
    }
    const bool copier =
        reading_.form != nullptr &&
        (reading_.form->usage->operands == "read* write" ||
         reading_.form->usage->operands == "move* write" || reading_.form->usage->program == "ln");
    if (!copier) return;
    const bool link = reading_.form->usage->program == "ln";
    const Argument here{"."};
    // `ln a/b` makes `b`.
    if (link && reading_.operands.size() == 1 && into == nullptr) into = &here;
    for (const Reading::Operand& operand : reading_.operands) {
      const Argument& word = command_.arguments[operand.at];
      const bool last = &operand == &reading_.operands.back() && into == nullptr;
      if (last)
        into = &word;
      else
        sources.push_back(&word);
    }
    if (into == nullptr || !into->literal()) return;
    for (const Argument* source : sources) {
      const std::string& text = source->glob.empty() ? source->text : source->glob;
      const std::string_view name = last_name(text);
      Argument below = *source;
      below.text = join(into->text, name);
      if (!source->glob.empty()) below.glob = below.text;
      const bool contents = name == "." || name == ".." || text == "/";
      if (contents || (!source->literal() && source->glob.empty())) {
        file(*into, {.write = true, .deep = true});
        if (contents && recursive()) unknown_write();
      } else {
        file(below, {.write = true, .deep = recursive() || reading_.form->usage->program == "mv"});
      }
    }
  }

  // A revision, a path, `REV:PATH`, `:(top)PATH`.
  void revision(const Argument& word) {
    file(word, {.deep = true, .maybe = true});
    if (!word.literal()) return;
    const std::size_t stop = word.text.find_last_of(":)^");
    if (stop == std::string::npos || stop + 1 >= word.text.size()) return;
    Argument path = word;
    path.text = word.text.substr(stop + 1);
    while (path.text.starts_with('/')) path.text.erase(0, 1);
    if (path.text.find_first_of("*?[") != std::string::npos) path.glob = path.text;
    file(path, {.deep = true, .maybe = true});
  }

  // What was there before keeps a name of its own: `cp -b`, `mv -S .orig`, `sed -i.bak`.
  void backups(std::size_t from) {
    std::string suffix;
    for (const Reading::Given& given : reading_.options) {
      if (!given.option->effects.contains('B')) continue;
      const Argument value = reading_.value(command_, given);
      const bool style = given.option->joined && command_.program != "sed";
      const bool plain = value.literal() && !value.text.contains('*') && !value.text.contains('/');
      if (!plain || (style && has_word("t numbered", value.text))) return unknown_write();
      if (suffix.empty()) suffix = "~";
      if (!style && given.option->values + given.option->joined > 0) suffix = value.text;
    }
    if (suffix.empty()) return;
    for (std::size_t i = from, all = out_.files.size(); i < all; ++i) {
      if (!out_.files[i].write) continue;
      FileEffect old = out_.files[i];
      old.path += suffix;
      old.glob = false;
      out_.files.push_back(std::move(old));
    }
  }

  void tar() {
    const bool makes = reading_.has('C');
    const bool takes = reading_.has('X');
    for (const Reading::Given& given : reading_.options) {
      if (!given.option->effects.contains('f')) continue;
      file(reading_.value(command_, given), {.write = makes});
    }
    if (makes) {
      // What goes out as a stream is shown, whatever lies in the directories that it is of.
      if (!names_archive()) unknown_read();
      for (const Reading::Operand& operand : reading_.operands) {
        file(command_.arguments[operand.at], {.deep = true});
      }
    }
    // What is inside of an archive is not known: names, links.
    if (takes || (!makes && !reading_.has('T'))) unknown_write();
  }

  const Command& command_;
  std::uint32_t index_;
  Effects& out_;
  Reading reading_;
  std::string place_;
  bool place_unknown_ = false;
};

void add_directory(const Command& command, std::uint32_t index, Effects& out) {
  std::string place;
  for (const Hazard& hazard : command.hazards) {
    if (hazard.effect != Effect::elsewhere) continue;
    if (!hazard.has_value || !hazard.value.literal()) {
      out.directory_unknown = true;
      continue;
    }
    place = join(hazard.option == "-C" ? std::string_view(place) : "", hazard.value.text);
    out.directories.push_back({place, index, false});
  }
  if (command.standing != Standing::builtin) return;
  const bool moves =
      command.program == "cd" || command.program == "pushd" || command.program == "popd";
  if (!moves) return;
  for (const Argument& word : command.arguments) {
    if (word.literal() && word.text.size() > 1 && word.text[0] == '-') continue;
    // `cd -` and `cd` alone lead where only the shell knows.
    if (word.literal() && word.text != "-") {
      out.directories.push_back({word.text, index, true});
      return;
    }
    break;
  }
  out.directory_unknown = out.moves_unknown = true;
}

}  // namespace

Effects effects_of(const Analysis& analysis) {
  Effects out;
  for (std::uint32_t i = 0; i < analysis.commands.size(); ++i) {
    const Command& command = analysis.commands[i];
    FileList(command, i, out).add();
    add_hosts(command, canonical_name(command.program), out);
    add_directory(command, i, out);
  }
  std::ranges::sort(out.hosts);
  out.hosts.erase(std::unique(out.hosts.begin(), out.hosts.end()), out.hosts.end());
  return out;
}

}  // namespace pawl::shell
