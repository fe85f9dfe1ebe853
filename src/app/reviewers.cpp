// `pawl reviewers …`: who may answer, and how the first one becomes one.
//
// The first reviewer comes by configuration: `add` writes the verifier (never the passphrase) into
// the deployment file. Every later one needs the proof of somebody who is one already.

#include <filesystem>

#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/hash.h"
#include "base/text.h"
#include "io/approvals/proof.h"
#include "io/pins/replace_file.h"

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
      return fail(Fault::usage, "a person's name has letters, digits and . - _ @ only");
    }
  }
  return name.empty() ? fail(Fault::usage, "a person needs a name") : Status{};
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

// The deployment file with one more person. The rest of it stays byte for byte.
Result<std::string> with_person(const std::string& path, const std::string& line, bool first) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    std::string fresh = "version: 1\npeople:\n" + line;
    if (first) {
      fresh += "  default_reviewers: [" + std::string(trim(line.substr(0, line.find(':')))) + "]\n";
    }
    return fresh;
  }
  auto text = read_file(path, 4UL << 20);
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
               ? fail(Fault::invalid, "the deployment file would not load any more")
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
  if (*passphrase != *again) return fail(Fault::usage, "the two passphrases differ");
  return make_verifier(*passphrase, random_bytes(salt_bytes));
}

Status enrol_by_reviewer(NodeConnection& node, const Arguments& arguments, const std::string& name,
                         const std::string& verifier) {
  json::Writer act_text;
  act_text.object().key("enrolled").string(name).key("kind").string("enrol");
  act_text.key("verifier").string(verifier).end();
  auto done = act(node, acting_person(arguments), act_text.text());
  if (!done) return std::unexpected(done.error());
  return {};
}

// What became of it, as a sentence or as JSON: `by` is configuration, or the reviewer who enrolled.
void say_enrolled(const Arguments& arguments, const std::string& name, const std::string& path,
                  bool first) {
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("by").string(first ? "configuration" : acting_person(arguments));
    text.key("file").string(path).key("person").string(name).end();
    return out(text.text());
  }
  out(paint(Ink::good, "enrolled") + "   " + name + " in " + path +
      (first ? " (the first reviewer: by configuration)" : ""));
}

void say_verifier(const Arguments& arguments, const std::string& name, const std::string& path,
                  const std::string& verifier) {
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("file").string(path).key("person").string(name);
    text.key("verifier").string(verifier).end();
    return out(text.text());
  }
  out("add this to `" + name + "` in " + path + ":  verifier: \"" + verifier + "\"");
}

int add(const Arguments& arguments) {
  const std::string name = arguments.word("name");
  if (Status right = check_name(name); !right) return complain(right.error());
  for (const std::string& group : arguments.many("--group")) {
    if (Status right = check_name(group); !right) return complain(right.error());
  }
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto known = node->ask(R"({"op":"reviewers"})");
  if (!known) return complain(known.error());
  const bool first = known->root()["reviewers"].size() == 0;
  // The file that the node reads, whatever this shell's environment says.
  const std::string path(known->root().text("config").value_or(config_path(arguments)));
  const DeploymentRead before = read_deployment(path, false);
  if (!before.errors.empty()) return complain(before.errors.front());
  const bool listed = before.deployment && before.deployment->people.contains(name);
  if (listed && !before.deployment->people.at(name).verifier.empty()) {
    return complain({Fault::usage, "`" + name + "` has a verifier in `" + path + "` already", {}});
  }
  if (listed && before.deployment->people.at(name).automatic) {
    return complain({Fault::usage, "`" + name + "` is a program and proves nothing", {}});
  }
  auto verifier = new_verifier(name);
  if (!verifier) return complain(verifier.error());
  if (listed) {
    say_verifier(arguments, name, path, *verifier);
    return exit_good;
  }
  if (!first) {
    if (Status done = enrol_by_reviewer(*node, arguments, name, *verifier); !done) {
      return complain(done.error());
    }
  }
  auto text = with_person(path, person_line(name, arguments.many("--group"), *verifier), first);
  if (!text) return complain(text.error());
  if (Status written = write_config(path, *text); !written) return complain(written.error());
  const auto done = node->ask(R"({"op":"reread"})");
  if (!done) return complain(done.error());
  if (const auto mistake = done->root().text("mistake")) {
    return complain({Fault::refused,
                     "what " + path + " says of `" + name +
                         "` does not count until this is put right: " + visible(*mistake),
                     {}});
  }
  say_enrolled(arguments, name, path, first);
  if (const auto waits = done->root().text("waits")) {
    err(
        fmt::format("what {} says of `{}` waits for a reviewer: pawl accept --deployment --config "
                    "{}\n  {}",
                    path, name, path, visible(*waits)));
  }
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
    out("nobody is enrolled: `pawl reviewers add NAME` writes the first into the deployment file");
    return exit_good;
  }
  std::vector<std::vector<std::string>> rows;
  for (json::View reviewer : reviewers.elements()) {
    const auto by = reviewer.text("by").value_or("");
    rows.push_back({visible(reviewer.text("person").value_or("")),
                    visible(reviewer.text("proof").value_or("")),
                    by.empty() ? "configuration" : visible(by)});
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
