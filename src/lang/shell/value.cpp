// `cmd` in expressions.
#include <algorithm>
#include <array>

#include "base/json.h"
#include "lang/shell/programs.h"
#include "lang/shell/rows.h"

namespace pawl::shell {
namespace {

// Options that carry one meaning, by program and subcommand. Any spelling that could be one of
// them counts.
struct Meaning {
  std::string_view program;
  std::string_view subs;
  std::string_view name;
  std::string_view options;
};
constexpr auto kMeanings = std::to_array<Meaning>({
    {"cp", "", "force", "-f --force --remove-destination"},
    {"cp", "", "recursive", "-r -R -a --recursive --archive"},
    {"docker", "rm rmi kill", "force", "-f --force"},
    {"git", "branch", "delete", "-d -D --delete"},
    {"git", "branch checkout switch tag", "force", "-f --force -D -M -C -B"},
    {"git", "checkout switch", "force", "-f --force --discard-changes"},
    {"git", "clean", "force", "-f --force"},
    {"git", "commit", "amend", "--amend"},
    {"git", "commit", "no_verify", "-n --no-verify"},
    {"git", "push", "delete", "-d --delete --prune --mirror"},
    {"git", "push", "force", "-f --force --force-with-lease --force-if-includes --mirror"},
    {"git", "push", "all", "--all --branches --mirror --tags --follow-tags"},
    {"git", "reset", "hard", "--hard --merge --keep"},
    {"git", "tag", "delete", "-d --delete"},
    {"kubectl", "delete", "force", "--force --grace-period --now"},
    {"kubectl", "delete get", "all", "--all -A --all-namespaces"},
    {"mv", "", "force", "-f --force"},
    {"npm", "install ci", "global", "-g --global --location"},
    {"rm", "", "force", "-f --force"},
    {"rm", "", "recursive", "-r -R --recursive"},
    {"terraform", "apply destroy", "auto_approve", "-auto-approve"},
});

struct Push {
  std::string remote;
  std::vector<std::string> refs;
  bool force = false;
  bool removes = false;
};

// What `git push` is told to change on the other side. A ref that git chooses itself, by its
// configuration or by what is checked out, is "" and equals no name.
Push read_push(std::span<const Argument> words) {
  Push out;
  bool remote = false;
  bool tag = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i].text;
    if (word == "-o" || word == "--push-option") {
      ++i;
      continue;
    }
    if (word.starts_with("--repo=")) out.remote = word.substr(7);
    if (word.size() > 1 && word[0] == '-') continue;
    if (!remote) {
      remote = true;
      out.remote = word;
      continue;
    }
    if (word.starts_with('+')) {
      out.force = true;
      word.remove_prefix(1);
    }
    if (word == "tag") {
      tag = true;
      continue;
    }
    const std::size_t colon = word.find(':');
    const std::string_view target = colon == word.npos ? word : word.substr(colon + 1);
    out.removes = out.removes || word.starts_with(':');
    const bool chosen = target.empty() || target == "HEAD" || target == "@";
    const bool full = target.starts_with("refs/");
    std::string ref = full || chosen ? std::string(chosen ? "" : target)
                                     : std::string(tag ? "refs/tags/" : "refs/heads/");
    if (!full && !chosen) ref += target;
    out.refs.push_back(std::move(ref));
    tag = false;
  }
  if (out.refs.empty()) out.refs.emplace_back();
  return out;
}

void write_list(json::Writer& writer, std::string_view name,
                std::span<const std::string_view> words) {
  writer.key(name).array();
  for (const std::string_view word : words) writer.string(word);
  writer.end();
}

void write_meanings(json::Writer& writer, const Program& program, const Command& command,
                    std::string_view sub, const Push& push) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.program != program.name) continue;
    if (!meaning.subs.empty() && !has_word(meaning.subs, sub)) continue;
    bool set = false;
    for (std::string_view options = meaning.options; !options.empty();) {
      const std::string_view option = next_word(options);
      for (const Argument& word : command.arguments) {
        set = set || has_option(program, word.text, option);
      }
    }
    const bool git_push = program.name == "git" && sub == "push";
    if (git_push && meaning.name == "force") set = set || push.force;
    if (git_push && meaning.name == "delete") set = set || push.removes;
    writer.key(meaning.name).boolean(set);
    if (program.name == "git" && (sub == "checkout" || sub == "switch")) break;
  }
}

bool any_option(const Program& program, const Command& command, std::string_view options) {
  while (!options.empty()) {
    const std::string_view option = next_word(options);
    for (const Argument& word : command.arguments) {
      if (word.literal() && has_option(program, word.text, option)) return true;
    }
  }
  return false;
}

}  // namespace

bool says_the_same(const Program& program, const Command& command, std::string_view sub,
                   std::string_view option) {
  for (const Meaning& meaning : kMeanings) {
    // The first two are the meaning by its own names; the others imply it and mean more.
    std::string_view options = meaning.options;
    const bool named = next_word(options) == option || next_word(options) == option;
    if (meaning.program != program.name || !named) continue;
    if (!meaning.subs.empty() && !has_word(meaning.subs, sub)) continue;
    if (any_option(program, command, meaning.options)) return true;
    if (program.name != "git" || sub != "push") continue;
    const Subcommand where = find_subcommand(program, command.arguments);
    std::vector<Argument> words;
    for (const Argument& word : std::span(command.arguments).subspan(where.index + 1)) {
      if (word.literal()) words.push_back(word);
    }
    const Push push = read_push(words);
    if ((meaning.name == "force" && push.force) || (meaning.name == "delete" && push.removes)) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> value_names() {
  std::vector<std::string> names = {"program", "path",  "subcommand", "complete", "args",
                                    "flags",   "words", "remote",     "refs"};
  for (const Meaning& meaning : kMeanings) names.emplace_back(meaning.name);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string value_of(const Command& command) {
  const Program& program = find_program(canonical_name(command.program));
  const Subcommand where = find_subcommand(program, command.arguments);
  const std::string_view sub = subcommand_name(program, command.arguments, where);
  const bool complete = std::ranges::all_of(command.arguments, &Argument::literal);
  json::Writer writer;
  writer.object();
  writer.key("program").string(base_name(command.program));
  writer.key("path").string(command.program);
  writer.key("subcommand").string(sub);
  writer.key("complete").boolean(complete);
  if (complete) {
    std::vector<std::string_view> args;
    std::vector<std::string_view> flags;
    std::vector<std::string_view> words;
    std::vector<std::string> letters;
    for (const Argument& argument : command.arguments) args.emplace_back(argument.text);
    for (const std::string_view word : args) {
      if (word.size() < 2 || word[0] != '-') {
        words.push_back(word);
        continue;
      }
      flags.push_back(word.starts_with("--") ? word.substr(0, word.find('=')) : word);
      if (word[1] == '-' || word.size() == 2) continue;
      for (const char letter : word.substr(1)) letters.push_back({'-', letter});
    }
    flags.insert(flags.end(), letters.begin(), letters.end());
    write_list(writer, "args", args);
    write_list(writer, "flags", flags);
    write_list(writer, "words", words);
    Push push;
    if (program.name == "git" && sub == "push") {
      push = read_push(std::span(command.arguments).subspan(where.index + 1));
      writer.key("remote").string(push.remote);
      const std::vector<std::string_view> refs(push.refs.begin(), push.refs.end());
      write_list(writer, "refs", refs);
    }
    write_meanings(writer, program, command, sub, push);
  }
  writer.end();
  return writer.take();
}

}  // namespace pawl::shell
