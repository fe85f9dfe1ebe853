#include "option_maker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "base/text.h"

namespace pawl {
namespace {

// What `--help` of a program says of options.
std::vector<std::string> help_of(const std::string& program) {
  std::set<std::string> out;
  FILE* pipe = popen(("exec /usr/bin/" + program + " --help 2>&1 < /dev/null").c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  std::array<char, 4096> part;
  for (std::size_t n = 0; (n = fread(part.data(), 1, part.size(), pipe)) > 0;) {
    text.append(part.data(), n);
  }
  pclose(pipe);
  const auto part_of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-';
  };
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    const bool begins = text[at] == '-' && (at == 0 || !part_of_name(text[at - 1]));
    if (!begins) continue;
    std::size_t end = at + 1;
    while (end < text.size() && part_of_name(text[end])) ++end;
    std::string name = text.substr(at, end - at);
    if (name.starts_with("--") ? name.size() > 3 : name.size() == 2) out.insert(std::move(name));
    at = end;
  }
  return {out.begin(), out.end()};
}

}  // namespace

std::vector<std::vector<ProgramForm>> forms_of(const std::vector<std::string>& programs) {
  std::vector<std::vector<ProgramForm>> out;
  for (const std::string& program : programs) {
    if (access(("/usr/bin/" + program).c_str(), X_OK) != 0) continue;
    const std::string_view name = shell::canonical_name(program);
    const shell::Form* top = shell::find_form(name);
    if (top == nullptr) continue;
    if (!shell::has_subcommands(name)) {
      ProgramForm one{program, "", top, nullptr, {}};
      for (std::string& option : help_of(program)) {
        if (top->find(option) == nullptr) one.more.push_back(std::move(option));
      }
      out.push_back({std::move(one)});
      continue;
    }
    std::vector<ProgramForm>& all = out.emplace_back();
    for (const auto table : {shell::usage_table(), shell::builders_table(), shell::git_table()}) {
      for (const shell::Usage& usage : table) {
        if (usage.program != name || usage.subs.empty()) continue;
        for (const std::string_view sub : split(usage.subs, ',')) {
          all.push_back({program, std::string(sub), shell::find_form(name, sub), top, {}});
        }
      }
    }
  }
  return out;
}

std::string OptionMaker::pick(std::string_view words) {
  const auto all = split(words, ' ');
  return std::string(all[below(all.size())]);
}

std::string OptionMaker::file() {
  return pick(
      "p.c p.c q.c sub sub/y.c sub/deep list link new1 new2 sub/new3 ../outside/o.c "
      "../outside/new4 j.json t.tar t.tgz empty . none/x");
}

std::string OptionMaker::value(std::string_view effects) {
  const bool place = effects.find_first_of("rlwdit") != effects.npos;
  if (place && below(6) > 0) return file();
  switch (below(5)) {
    case 0:
      return pick("1 2 3 5 0 1k +1 -1 10 2,3");
    case 1:
      return pick("a x name t always never auto text : , .x %s @ c,d json .c md5");
    case 2:
      return file();
    case 3:
      return pick("now yesterday u+x 644 main HEAD v1 side short full numbered existing none all");
    default:
      return pick("1 p.c a t new1");
  }
}

void OptionMaker::described(const shell::Option& option, std::vector<std::string>& out) {
  const std::string name(option.name);
  const bool spelled = name.starts_with("--");
  if (option.joined) {
    if (below(2) == 0) return out.push_back(name);
    return out.push_back(name + (spelled ? "=" : "") + value(option.effects));
  }
  if (option.values == 0) return out.push_back(name);
  const bool once = option.values == 1;
  if (once && below(2) == 0) {
    return out.push_back(name + (spelled ? "=" : "") + value(option.effects));
  }
  out.push_back(name);
  for (int i = 0; i < option.values; ++i) out.push_back(value(option.effects));
}

void OptionMaker::option(const ProgramForm& of, std::vector<std::string>& out) {
  // A file that decides what else is done would say nothing about the words.
  if (!of.more.empty() && below(2) == 0) {
    const std::string& name = of.more[below(of.more.size())];
    const bool spelled = name.starts_with("--");
    if (below(2) == 0) return out.push_back(name);
    if (below(3) > 0) return out.push_back(name + (spelled ? "=" : "") + value(""));
    out.push_back(name);
    return out.push_back(value(""));
  }
  if (of.form->options.empty()) return;
  const shell::Option* one = &of.form->options[below(of.form->options.size())];
  // Twice as often what does something.
  for (int again = 0; one->effects.empty() && again < 2; ++again) {
    one = &of.form->options[below(of.form->options.size())];
  }
  if (one->name == "-#") return out.push_back("-" + pick("1 2 10"));
  described(*one, out);
  // Letters in one word.
  const bool letters = out.size() > 1 && out.back().size() == 2 && below(3) == 0;
  if (letters && out[out.size() - 2].size() == 2 && out[out.size() - 2][0] == '-' &&
      out.back()[0] == '-' && out.back()[1] != '-') {
    const std::string last = out.back();
    out.pop_back();
    out.back() += last[1];
  }
}

std::string OptionMaker::operand(const ProgramForm& of, shell::Role role) {
  if (role == shell::Role::pattern) {
    if (of.program == "sed") return pick("s/t/u/ p 1d $!N;P;D s/t/u/w=new1 1q y/te/ab/");
    if (of.program == "awk") return pick("1 {print$1} NR==1 /t/{n++}END{print n}");
    if (of.program == "jq") return pick(". .a .a[0] keys length .b? input");
    return pick("t text . o ^m");
  }
  if (of.program == "dd") return pick("if=p.c of=new1 of=sub/y.c bs=1 count=2 if=q.c conv=notrunc");
  if (of.program == "curl")
    return below(3) == 0 ? pick("http://127.0.0.1:9/x") : "file://" + place_ + "/" + file();
  if (below(2) == 0) return file();
  if (role == shell::Role::rev)
    return pick("HEAD main side v1 HEAD~1 HEAD:p.c stash@{0} main..side");
  if (role == shell::Role::text) return pick("t a HEAD main name 3 1 origin +%s x=1 user.name");
  return file();
}

void OptionMaker::operands(const ProgramForm& of, std::vector<std::string>& out) {
  const auto& roles = of.form->operands;
  std::size_t count = roles.empty() ? 0 : below(roles.size() + (of.form->repeats ? 3 : 1));
  if (!roles.empty() && below(4) > 0) count = std::max(count, roles.size());
  if (below(12) == 0) ++count;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(
        operand(of, roles.empty() ? shell::Role::text : roles[std::min(i, roles.size() - 1)]));
  }
}

std::vector<std::string> OptionMaker::words(const ProgramForm& of) {
  std::vector<std::string> out = {of.program};
  for (const std::string_view sub : split(of.sub, ' ')) {
    if (!sub.empty()) out.emplace_back(sub);
  }
  const bool first = of.program == "find" || below(4) == 0;
  if (first) operands(of, out);
  for (std::size_t i = below(5); i > 0; --i) option(of, out);
  if (below(10) == 0) out.emplace_back("--");
  if (!first) operands(of, out);
  return out;
}

}  // namespace pawl
