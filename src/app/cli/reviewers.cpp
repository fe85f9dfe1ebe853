// `pawl reviewers …`: who may answer, and how the first one becomes one.
//
// The first reviewer comes by configuration: `add` writes the verifier (never the passphrase) into
// the deployment file. Every later one needs the proof of an enrolled reviewer.

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/hash.h"
#include "base/text.h"
#include "io/approvals/proof.h"
#include "io/approvals/ways.h"
#include "io/pins/replace_file.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr OptionRow kGroup = {"--group", "G", "a group this person belongs to", Takes::many};
constexpr OptionRow kAddAs = {"--as", "NAME",
                              "the reviewer who enrols (default PAWL_REVIEWER or you)"};
constexpr OptionRow kAddOptions[] = {kGroup, kAddAs, state_option, config_option, json_option};
constexpr OptionRow kReviewerListOptions[] = {json_option, state_option, config_option};
constexpr WordRow kReviewerName[] = {{"name", "the person, as policies name them"}};
constexpr std::size_t salt_bytes = 16;

Status check_name(const std::string& name) {
  for (char c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_' || c == '@';
    if (!fine) {
      return fail(ErrorKind::usage, "a person's name has letters, digits and . - _ @ only");
    }
  }
  return name.empty() ? fail(ErrorKind::usage, "a person needs a name") : Status{};
}

std::string person_line(const std::string& name, const std::vector<std::string>& groups,
                        const std::string& verifier) {
  std::string line = "  " + name + ": {";
  if (!groups.empty()) {
    line += "groups: [";
    for (std::size_t i = 0; i < groups.size(); ++i) line += (i == 0 ? "" : ", ") + groups[i];
    line += "], ";
  }
  return line + "proof: passphrase, verifier: \"" + verifier + "\"}\n";
}

// The deployment file with one more person, who answers what no policy names another for where
// `answers` says so. The rest of it stays byte for byte.
Result<std::string> with_person(const std::string& path, std::string line, bool answers) {
  if (answers) {
    line += "  default_reviewers: [" + std::string(trim(line.substr(0, line.find(':')))) + "]\n";
  }
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return "version: 1\npeople:\n" + line;
  auto text = node::read_file(path, 4UL << 20);
  if (!text) return text;
  const std::string mark = "people:\n";
  const std::size_t at = text->starts_with(mark) ? 0 : text->find("\n" + mark);
  std::string changed = *text;
  if (at == std::string::npos) {
    if (!changed.ends_with('\n')) changed += '\n';
    changed += mark + line;
  } else {
    changed.insert(at + mark.size() + (at == 0 ? 0 : 1), line);
  }
  return changed;
}

Status write_config(const std::string& path, const std::string& text) {
  const LoadedDeployment loaded = load_deployment(text, path);
  if (!loaded.deployment) {
    return loaded.errors.empty()
               ? fail(ErrorKind::invalid, "the deployment file would not load any more")
               : std::unexpected(loaded.errors.front());
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  return replace_file(path, text, 0600);
}

Result<std::string> new_verifier(const std::string& name) {
  auto passphrase = ask_secret("new passphrase of " + name + ": ");
  if (!passphrase) return passphrase;
  auto again = ask_secret("once more: ");
  if (!again) return again;
  if (*passphrase != *again) return fail(ErrorKind::usage, "the two passphrases differ");
  return make_verifier(*passphrase, random_bytes(salt_bytes));
}

// The deployment file with the verifier of a person whom it names already, where `at` says. The
// rest of it stays byte for byte.
Result<std::string> with_verifier(const std::string& path, const std::string& name, Position at,
                                  const std::string& verifier) {
  auto text = node::read_file(path, 4UL << 20);
  if (!text) return text;
  const std::string by_hand = fmt::format(
      "`{}` stands in `{}` in a way that this command does not write to: add `verifier: \"{}\"` to "
      "that person, and run this once more",
      name, path, verifier);
  std::size_t line = 0;
  for (std::size_t i = 1; i < at.line && line != text->npos; ++i) {
    line = text->find('\n', line);
    if (line != text->npos) ++line;
  }
  if (line == text->npos || at.line == 0 || at.column == 0) return fail(ErrorKind::usage, by_hand);
  const std::string own = "verifier: \"" + verifier + "\"";
  const std::size_t key = line + at.column - 1;
  const std::size_t colon = text->find(':', key + name.size());
  const std::size_t end = std::min(text->find('\n', line), text->size());
  if (colon >= end) return fail(ErrorKind::usage, by_hand);
  const std::size_t value = text->find_first_not_of(" \t", colon + 1);
  std::string changed = *text;
  if (value < end && changed[value] == '{') {
    const std::size_t inside = changed.find_first_not_of(" \t\n", value + 1);
    const bool alone = inside != changed.npos && changed[inside] == '}';
    changed.insert(value + 1, alone ? own : own + ", ");
  } else if (value >= end || changed[value] == '#') {
    const std::size_t next = changed.find_first_not_of(" \n", end);
    const std::size_t begin = next == changed.npos ? next : changed.rfind('\n', next) + 1;
    const std::size_t indent = next == changed.npos ? 0 : next - begin;
    const std::size_t deeper = indent > at.column - 1 ? indent : at.column + 1;
    changed.insert(end, "\n" + std::string(deeper, ' ') + own);
  } else {
    return fail(ErrorKind::usage, by_hand);
  }
  const LoadedDeployment loaded = load_deployment(changed, path);
  const bool right = loaded.deployment && loaded.deployment->people.contains(name) &&
                     loaded.deployment->people.at(name).verifier == verifier;
  return right ? Result<std::string>(std::move(changed)) : fail(ErrorKind::usage, by_hand);
}

// What became of it, as a sentence or as JSON: `by` is configuration, or the reviewer who enrolled.
struct Enrolled {
  std::string name, path, by;
  bool written = false;  // the file was changed
};

void say_enrolled(const Arguments& arguments, const Enrolled& done) {
  const bool first = done.by.empty();
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("by").string(first ? "configuration" : done.by);
    text.key("file").string(done.path).key("person").string(done.name).end();
    return out(text.text());
  }
  std::string text = paint(Ink::good, "enrolled") + "   " + done.name;
  text += done.written ? " in " + done.path : "; " + done.path + " names this person already";
  out(text + (first ? " (the first reviewer: by configuration)" : " (by " + done.by + ")"));
}

// Who is enrolled, and what the deployment file says of the person.
struct Adding {
  std::string name, path;
  bool first = false;             // no reviewer is enrolled yet
  bool alone = false;             // the deployment file, where there is one, names no person
  bool known = false;             // this person is
  std::string enrolled_verifier;  // … by this
  std::optional<Deployment::Person> listed;
};

Result<Adding> adding(NodeConnection& node, const Arguments& arguments) {
  Adding found;
  found.name = arguments.word("name");
  auto known = node.ask(R"({"op":"reviewers"})");
  PAWL_TRY(known);
  const json::View reviewers = known->root()["reviewers"];
  found.first = reviewers.size() == 0;
  for (json::View one : reviewers.elements()) {
    if (one.text("person") != found.name) continue;
    found.known = true;
    found.enrolled_verifier = one.text("verifier").value_or("");
  }
  // The file that the node reads, whatever this shell's environment says.
  found.path = known->root().text("config").value_or(config_path(arguments));
  const node::DeploymentRead before = node::read_deployment(found.path, false);
  if (!before.errors.empty()) return std::unexpected(before.errors.front());
  if (before.deployment && before.deployment->people.contains(found.name)) {
    found.listed = before.deployment->people.at(found.name);
  }
  found.alone = !before.deployment ||
                (before.deployment->people.empty() && before.deployment->default_reviewers.empty());
  if (found.listed && found.listed->automatic) {
    return fail(ErrorKind::usage, "`" + found.name + "` is a program and proves nothing");
  }
  // Known by more than a passphrase, perhaps: the verifier of the passphrase comes first.
  const bool same = found.listed && (found.listed->verifier.empty() ||
                                     is_known_by(found.enrolled_verifier, found.listed->verifier));
  if (found.known && (same || !found.listed)) {
    return fail(ErrorKind::usage, "`" + found.name + "` is enrolled already" +
                                      (found.listed ? std::string()
                                                    : ", but `" + found.path +
                                                          "` does not name this "
                                                          "person under `people`"));
  }
  return found;
}

// The file with this person, where it has to say more than it does. A later reviewer whom it names
// needs nothing there: the enrolment is a record.
Status write_person(const Adding& what, const Arguments& arguments, const std::string& verifier,
                    bool& written) {
  Result<std::string> text = std::string();
  if (!what.listed) {
    // Who has a group answers where a policy names that.
    const std::vector<std::string> groups = arguments.many("--group");
    std::error_code error;
    const bool fresh = !std::filesystem::exists(what.path, error);
    text = with_person(what.path, person_line(what.name, groups, verifier),
                       what.first && (fresh || (what.alone && groups.empty())));
  } else if (what.first && what.listed->verifier.empty()) {
    text = with_verifier(what.path, what.name, what.listed->at, verifier);
  }
  PAWL_TRY(text);
  written = !text->empty();
  return written ? write_config(what.path, *text) : Status{};
}

int say_read_again(NodeConnection& node, const Adding& what) {
  const auto done = node.ask(R"({"op":"reread"})");
  if (!done) return complain(done.error());
  if (const auto mistake = done->root().text("mistake")) {
    return complain({ErrorKind::refused,
                     "what " + what.path + " says of `" + what.name +
                         "` does not count until this is put right: " + escape_untrusted(*mistake),
                     {}});
  }
  if (const auto waits = done->root().text("waits")) {
    err(
        fmt::format("what {} says of `{}` waits for a reviewer: pawl accept --deployment --config "
                    "{}\n  {}",
                    what.path, what.name, what.path, escape_untrusted(*waits)));
  }
  return exit_good;
}

int add(const Arguments& arguments) {
  const std::string name = arguments.word("name");
  if (Status right = check_name(name); !right) return complain(right.error());
  for (const std::string& group : arguments.many("--group")) {
    if (Status right = check_name(group); !right) return complain(right.error());
  }
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto what = adding(*node, arguments);
  if (!what) return complain(what.error());
  if (what->listed && !arguments.many("--group").empty()) {
    return complain({ErrorKind::usage,
                     "`" + name + "` stands in `" + what->path +
                         "` already: write the groups there, and leave `--group` out",
                     {}});
  }
  Enrolled done{.name = name, .path = what->path, .by = {}};
  if (!what->first) {
    const auto person = acting_person(*node, arguments);
    if (!person) return complain(person.error());
    done.by = *person;
  }
  // The person may have made it elsewhere, and had it written into the file: then it is that one.
  const bool made = what->listed && !what->listed->verifier.empty();
  auto verifier = made ? Result<std::string>(what->listed->verifier) : new_verifier(name);
  if (!verifier) return complain(verifier.error());
  if (!what->first) {
    json::Writer act_text;
    act_text.object().key("enrolled").string(name).key("kind").string("enrol");
    act_text.key("verifier").string(*verifier).end();
    const auto enrolled = act(*node, done.by, act_text.text());
    if (!enrolled) return complain(enrolled.error());
  }
  if (Status wrote = write_person(*what, arguments, *verifier, done.written); !wrote) {
    return complain(wrote.error());
  }
  if (const int status = say_read_again(*node, *what); status != exit_good) return status;
  say_enrolled(arguments, done);
  return exit_good;
}

int list_reviewers(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto known = node->ask(R"({"op":"reviewers"})");
  if (!known) return complain(known.error());
  const json::View reviewers = known->root()["reviewers"];
  if (arguments.has("--json")) {
    out(json::write(reviewers));
    return exit_good;
  }
  if (reviewers.size() == 0) {
    out("no reviewer is enrolled: `pawl reviewers add NAME` writes the first into the deployment "
        "file");
    return exit_good;
  }
  std::vector<std::vector<std::string>> rows;
  for (json::View reviewer : reviewers.elements()) {
    const auto by = reviewer.text("by").value_or("");
    rows.push_back({escape_untrusted(reviewer.text("person").value_or("")),
                    escape_untrusted(reviewer.text("proof").value_or("")),
                    by.empty() ? "configuration" : escape_untrusted(by)});
  }
  out(table(rows, {"person", "proof", "enrolled by"}));
  return exit_good;
}

}  // namespace

extern const CommandRow reviewers_add_command = {
    "reviewers add", "run",         "enrols a person who may answer, with a passphrase",
    kAddOptions,     kReviewerName, add};
extern const CommandRow reviewers_list_command = {
    "reviewers list", "run", "lists who is enrolled", kReviewerListOptions, {}, list_reviewers};

}  // namespace pawl::app
