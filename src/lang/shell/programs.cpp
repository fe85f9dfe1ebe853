// Looking programs, options and subcommands up.
#include "lang/shell/programs.h"

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>
#include <unordered_map>
#include <utility>

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
  return find_form(name) != nullptr || is_interpreter(name);
}

}  // namespace

std::string_view next_word(std::string_view& words) {
  const std::size_t stop = words.find(' ');
  const std::string_view word = words.substr(0, stop);
  words.remove_prefix(stop == words.npos ? words.size() : stop + 1);
  return word;
}

bool has_word(std::string_view words, std::string_view word) {
  if (word.empty() || word.contains(' ')) return false;
  for (std::size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool whole =
        (at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ');
    if (whole) return true;
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

// The table, compiled once.

namespace {

Role role_of(std::string_view word) {
  constexpr auto roles = std::to_array<std::pair<std::string_view, Role>>({
      {"look", Role::look},
      {"read", Role::read},
      {"write", Role::write},
      {"move", Role::move},
      {"into", Role::into},
      {"rev", Role::rev},
      {"script", Role::script},
      {"pattern", Role::pattern},
  });
  const auto found = std::ranges::find(roles, word, &std::pair<std::string_view, Role>::first);
  return found == roles.end() ? Role::text : found->second;
}

void add_options(std::string_view words, Form& form) {
  while (!words.empty()) {
    std::string_view word = next_word(words);
    if (word.empty()) continue;
    Option option;
    option.group = static_cast<std::uint16_t>(form.options.size());
    const std::size_t colon = word.find(':');
    if (colon != word.npos && colon > 0 && word[0] != '-') {
      option.effects = word.substr(0, colon);
      word.remove_prefix(colon + 1);
    }
    for (; word.size() > 1 && word.ends_with('='); word.remove_suffix(1)) ++option.values;
    if (word.size() > 2 && word.ends_with('?')) {
      option.joined = true;
      word.remove_suffix(1);
    }
    for (std::size_t stop = 0; stop != word.npos; word.remove_prefix(stop + 1)) {
      stop = word.find('|');
      option.name = word.substr(0, stop);
      form.options.push_back(option);
      if (stop == word.npos) break;
    }
  }
}

Form compile(const Usage& usage) {
  Form form;
  form.usage = &usage;
  add_options(usage.options, form);
  add_options(usage.more, form);
  // Where a spelling stands twice, the line's own comes before what is shared.
  std::ranges::sort(form.options, [](const Option& a, const Option& b) {
    return std::tie(a.name, a.group) < std::tie(b.name, b.group);
  });
  for (std::string_view words = usage.operands; !words.empty();) {
    std::string_view word = next_word(words);
    if (word.ends_with('*')) {
      form.repeats = true;
      form.repeated = form.operands.size();
      word.remove_suffix(1);
    }
    form.operands.push_back(role_of(word));
  }
  return form;
}

class Catalog {
 public:
  Catalog() {
    for (const auto table : {usage_table(), builders_table(), git_table()}) {
      for (const Usage& usage : table) add(usage);
    }
    std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
      return std::tie(a.program, a.sub) < std::tie(b.program, b.sub);
    });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Part& part = parts_.try_emplace(entries_[i].program, Part{i, i}).first->second;
      part.end = i + 1;
    }
  }

  const Form* find(std::string_view program, std::string_view sub) const {
    const std::span<const Entry> part = part_of(program);
    if (part.empty()) return nullptr;
    if (sub.empty()) return part.front().sub.empty() ? &forms_[part.front().form] : nullptr;
    const auto found = std::ranges::lower_bound(part, sub, {}, &Entry::sub);
    return found != part.end() && found->sub == sub ? &forms_[found->form] : nullptr;
  }

  // Of the forms of a program: its own, and those of this subcommand and of what stands behind it;
  // of all subcommands where none is named.
  bool any(std::string_view program, std::string_view sub,
           const std::function<bool(const Form&)>& fits) const {
    return std::ranges::any_of(entries_, [&](const Entry& one) {
      const bool meant = sub.empty() || one.sub.empty() || one.sub == sub ||
                         (one.sub.starts_with(sub) && one.sub[sub.size()] == ' ');
      return one.program == program && meant && fits(forms_[one.form]);
    });
  }

  bool has_subcommands(std::string_view program) const {
    const std::span<const Entry> part = part_of(program);
    return !part.empty() && !part.back().sub.empty();
  }

 private:
  struct Entry {
    std::string_view program;
    std::string_view sub;
    std::size_t form;
  };

  // Of the entries, those of one program.
  struct Part {
    std::size_t begin;
    std::size_t end;
  };
  std::span<const Entry> part_of(std::string_view program) const {
    const auto found = parts_.find(program);
    if (found == parts_.end()) return {};
    return std::span(entries_).subspan(found->second.begin,
                                       found->second.end - found->second.begin);
  }

  void add(const Usage& usage) {
    std::string_view subs = usage.subs;
    for (std::size_t stop = 0; stop != subs.npos; subs.remove_prefix(stop + 1)) {
      stop = subs.find(',');
      entries_.push_back({usage.program, subs.substr(0, stop), forms_.size()});
      if (stop == subs.npos) break;
    }
    forms_.push_back(compile(usage));
  }

  std::vector<Form> forms_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, Part> parts_;
};

const Catalog& catalog() {
  static const Catalog all;
  return all;
}

}  // namespace

const Option* Form::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(options, name, {}, &Option::name);
  return found != options.end() && found->name == name ? &*found : nullptr;
}

bool Form::writes() const {
  const bool operand = std::ranges::any_of(operands, [](Role role) {
    return role == Role::write || role == Role::move || role == Role::into;
  });
  const bool second = usage->operands == "read write";  // the file of `uniq`, which may be missing
  return !does('e') && (does('w') || does('W') || (operand && !second));
}

bool Form::may_do(char what) const {
  return does(what) || std::ranges::any_of(options, [what](const Option& option) {
           return option.effects.contains(what);
         });
}

const Form* find_form(std::string_view name, std::string_view sub) {
  return catalog().find(name, sub);
}

bool has_subcommands(std::string_view name) {
  return catalog().has_subcommands(name);
}

bool may_do(std::string_view words, char what) {
  const std::string_view program = canonical_name(next_word(words));
  return catalog().any(program, next_word(words),
                       [what](const Form& form) { return form.may_do(what); });
}

const Program& find_program(std::string_view name) {
  static constexpr Program none{};
  const auto table = program_table();
  const auto found = std::ranges::lower_bound(table, name, {}, &Program::name);
  return found != table.end() && found->name == name ? *found : none;
}

}  // namespace pawl::shell
