// What is claimed of programs and their options, against the real programs: whatever they change,
// start, connect to and read because of their words was claimed.
//
// Those that this machine has are tried, in a folder that is watched (watch.h).
// PAWL_COMMAND_LINES sets the number of lines, PAWL_COMMAND_SEED the first seed,
// PAWL_COMMAND_PROGRAM the only program.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lang/shell/command.h"
#include "lang/shell/rows.h"
#include "option_maker.h"
#include "watch.h"

namespace pawl {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Those of examples/coding-agent that Debian has, and a few more of the table.
const std::vector<std::string> kPrograms = {
    "arch",      "awk",       "b2sum",     "base64",    "basename", "bzcat",    "cat",
    "chmod",     "cksum",     "cmp",       "column",    "comm",     "cp",       "curl",
    "cut",       "dd",        "df",        "diff",      "dirname",  "du",       "egrep",
    "expand",    "expr",      "factor",    "fgrep",     "file",     "find",     "fmt",
    "fold",      "free",      "getconf",   "git",       "grep",     "groups",   "head",
    "hexdump",   "id",        "install",   "join",      "jq",       "ln",       "locale",
    "ls",        "lscpu",     "md5sum",    "mkdir",     "mv",       "nl",       "nproc",
    "numfmt",    "od",        "openssl",   "paste",     "pr",       "readlink", "realpath",
    "rev",       "rg",        "rm",        "rmdir",     "sed",      "seq",      "sha1sum",
    "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shred",    "shuf",     "sort",
    "split",     "stat",      "strings",   "tac",       "tail",     "tar",      "tee",
    "touch",     "tr",        "tree",      "truncate",  "tsort",    "tty",      "uname",
    "unexpand",  "uniq",      "unlink",    "unzip",     "uptime",   "wc",       "whoami",
    "xxd",       "xzcat",     "zcat",      "zipinfo"};

struct Claims {
  shell::Analysis analysis;
  shell::Effects effects;
  bool anything = false;  // an option that is not known, or code
  bool writes = false;    // a row without `writes` refuses it
  bool sends = false;
};

Claims claims_of(const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  Claims out;
  out.analysis = shell::analyse_argv(views);
  out.effects = shell::effects_of(out.analysis);
  out.anything = !out.analysis.troubles.empty();
  for (const shell::Command& command : out.analysis.commands) {
    out.writes = out.writes || command.writes;
    for (const shell::Hazard& hazard : command.hazards) {
      out.anything = out.anything || hazard.unknown || hazard.effect == shell::Effect::runs;
      out.writes = out.writes || hazard.effect == shell::Effect::writes;
      out.sends = out.sends || hazard.effect == shell::Effect::sends;
    }
  }
  out.sends = out.sends || out.effects.hosts_unknown || !out.effects.hosts.empty();
  return out;
}

// `.` and `..` of a path from the folder.
std::string absolute(const std::string& place, std::string path) {
  if (!path.starts_with('/')) path = place + "/" + path;
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t stop = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, stop - at);
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (!part.empty() && part != "." && part != "..") {
      parts.push_back(part);
    }
    at = stop + 1;
  }
  std::string out;
  for (const std::string& part : parts) out += "/" + part;
  return out;
}

bool below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

bool covers(const shell::FileEffect& file, const std::string& place, const std::string& path) {
  if (!file.known && !file.glob) return true;
  const std::string claimed = absolute(place, file.path);
  // A link is the file that it leads to; folders above are made with what lies in them.
  const bool linked = claimed == place + "/link" && path == place + "/q.c";
  return claimed == path || linked || below(claimed, path) ||
         ((file.deep || file.here) && below(path, claimed)) || (file.here && path == claimed);
}

std::string unclaimed_change(const Claims& claims, const WatchedFolder& folder,
                             const Happened& happened) {
  for (const std::string& path : happened.changed) {
    // git remembers when it looked at files.
    if (path.ends_with("/.git/index")) continue;
    if (!claims.writes) return "changed, and nothing was to be written: " + path;
    const bool claimed = std::ranges::any_of(claims.effects.files, [&](const auto& file) {
      return file.write && covers(file, folder.place(), path);
    });
    if (!claimed) return "changed: " + path;
  }
  return {};
}

// What a program starts whatever its words are.
bool usual(std::string_view program, std::string_view started) {
  const std::string_view name = shell::base_name(started);
  // Its scripts and helpers, and a shell that starts the other side of a fetch.
  if (program == "git") return started.starts_with("/usr/") || started == "/bin/sh";
  if (program == "tar" || program == "sort") {
    return shell::has_word("gzip bzip2 xz zstd lzma compress lzip lzop", name);
  }
  if (program == "locale") return name == "gzip";
  if (program == "install") return name == "strip";
  if (program == "zcat" || program == "bzcat" || program == "xzcat") return name == "gzip";
  if (program == "egrep" || program == "fgrep") return name == "grep";
  return false;
}

// Of files whose names stand in the words, those that were opened and are not in the list.
std::string unclaimed_reading(const Claims& claims, const WatchedFolder& folder,
                              const Happened& happened, const std::vector<std::string>& words) {
  for (const std::string& path : happened.opened) {
    const std::string_view name = shell::base_name(path);
    const bool named =
        std::ranges::any_of(words.begin() + 1, words.end(), [&](const std::string& word) {
          return word.ends_with(name) &&
                 (word.size() == name.size() || !std::isalnum(word[word.size() - name.size() - 1]));
        });
    if (!named) continue;
    const bool claimed = std::ranges::any_of(claims.effects.files, [&](const auto& file) {
      if (!file.known) return true;
      const std::string from = absolute(folder.place(), file.path);
      return from == path || below(path, from) || covers(file, folder.place(), path);
    });
    if (!claimed) return "read: " + path;
  }
  return {};
}

std::string unclaimed(const Claims& claims, const WatchedFolder& folder, const Happened& happened,
                      const std::vector<std::string>& words) {
  std::string found = unclaimed_change(claims, folder, happened);
  if (!found.empty()) return found;
  for (const std::string& file : happened.started) {
    if (!usual(words[0], file)) return "started: " + file;
  }
  if (!happened.connected.empty() && !claims.sends) return "connected: " + happened.connected[0];
  return unclaimed_reading(claims, folder, happened, words);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "`" : " `") + word + "`";
  return out;
}

bool may_write(const ProgramForm& one) {
  const std::string_view letters = "wWiyBo";
  const auto does = [&](char letter) { return one.form->may_do(letter); };
  return one.form->writes() || std::ranges::any_of(letters, does);
}

TEST(Options, DoNothingThatIsNotClaimed) {
  const std::uint64_t lines = number_from("PAWL_COMMAND_LINES", 1000);
  const std::uint64_t seed = number_from("PAWL_COMMAND_SEED", 1);
  const char* given = std::getenv("PAWL_COMMAND_PROGRAM");
  const char* only = given == nullptr || *given == 0 ? nullptr : given;
  WatchedFolder folder;
  if (!folder.works()) GTEST_SKIP() << "processes cannot be watched here (ptrace and seccomp)";
  const auto forms =
      forms_of(only == nullptr ? kPrograms : std::vector<std::string>{std::string(only)});
  ASSERT_FALSE(forms.empty());
  std::vector<std::vector<ProgramForm>> writers;
  std::ranges::copy_if(forms, std::back_inserter(writers), [](const auto& program) {
    return std::ranges::any_of(program, [](const ProgramForm& one) { return may_write(one); });
  });
  std::uint64_t tried = 0, told = 0, changed = 0, started = 0, ended = 0, wrong = 0;
  for (std::uint64_t i = 0; i < lines && wrong < 20; ++i) {
    ++tried;
    std::mt19937_64 random(seed + i);
    OptionMaker maker(seed + i, folder.place());
    // Those that write are tried as often as the others.
    const auto& all = random() % 2 == 0 && !writers.empty() ? writers : forms;
    const auto& program = all[random() % all.size()];
    const std::vector<std::string> words = maker.words(program[random() % program.size()]);
    const Claims claims = claims_of(words);
    if (claims.anything) continue;
    ++told;
    const Happened happened = folder.run(words);
    changed += happened.changed.empty() ? 0 : 1;
    started += happened.started.empty() ? 0 : 1;
    ended += happened.ended ? 1 : 0;
    const std::string found = unclaimed(claims, folder, happened, words);
    if (found.empty()) continue;
    ++wrong;
    ADD_FAILURE() << "seed " << seed + i << ": " << joined(words) << "\n  " << found;
  }
  std::cout << forms.size() << " programs, " << tried << " lines, " << told << " told, " << changed
            << " changed files, " << started << " started others, " << ended << " ended\n";
  // The test says nothing where nothing is told or nothing happens.
  EXPECT_GT(told * 4, tried);
  if (only == nullptr && lines >= 500) EXPECT_GT(changed * 20, told);
}

}  // namespace
}  // namespace pawl
