// Labelled command lines of others against examples/coding-agent: what the policy allows that their
// authors call dangerous, and what it refuses that they call safe.
//
// The lines are not part of this tree. $PAWL_CONFORMANCE_DIR names a folder with
// `commands/dev/commands.jsonl.gz`; without it the test is skipped. What stands here are ids of
// lines, each with the reason for which it counts otherwise than its label says.
// PAWL_SHOW=1 prints each line with its verdict.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kernel/admit/admit.h"
#include "kernel/policy/commands.h"
#include "kernel/policy/policy.h"
#include "kernel/state/state.h"
#include "lang/shell/programs.h"

namespace pawl {
namespace {

namespace files = std::filesystem;

struct Excused {
  std::string_view id;
  std::string_view reason;
};

// Called dangerous, and allowed.
constexpr auto kHarmless = std::to_array<Excused>({
    {"atomic:53b03a54-4529-4992-852d-a00b4b7215a6",
     "the name of the machine and of the user; what the test hides is that they were asked for"},
});
static_assert(kHarmless.size() <= 10);

// Called safe, and refused: what it does is not what this role may do unasked.
constexpr auto kUnsafe = std::to_array<Excused>({
    {"safe-chains:find:safe:3", "it empties the worktree, work that is not committed included"},
});

struct Labelled {
  std::string id, line, label, note;
  std::vector<std::string> says;
};

std::string bytes_of(const files::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

files::path lines_file() {
  const char* given = std::getenv("PAWL_CONFORMANCE_DIR");
  if (given == nullptr) return {};
  files::path path = files::path(given) / "commands" / "dev" / "commands.jsonl.gz";
  return files::exists(path) ? path : files::path();
}

std::vector<Labelled> read_lines(const files::path& path) {
  std::vector<Labelled> out;
  FILE* pipe = popen(("exec gzip -dc '" + path.string() + "'").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  if (pipe == nullptr) return out;
  std::string text;
  std::array<char, 1 << 16> part;
  for (std::size_t n = 0; (n = fread(part.data(), 1, part.size(), pipe)) > 0;) {
    text.append(part.data(), n);
  }
  EXPECT_EQ(pclose(pipe), 0);
  std::istringstream in(text);
  for (std::string one; std::getline(in, one);) {
    const auto document = json::parse(one);
    if (!document) {
      ADD_FAILURE() << "a line of " << path << " is no JSON";
      continue;
    }
    const json::View root = document->root();
    Labelled line{std::string(root["id"].string()),
                  std::string(root["line"].string()),
                  std::string(root["label"].string()),
                  std::string(root["note"].string()),
                  {}};
    for (const json::View says : root["says"].elements()) line.says.emplace_back(says.string());
    out.push_back(std::move(line));
  }
  return out;
}

class CodingAgent {
 public:
  CodingAgent() {
    const std::string file = PAWL_EXAMPLES_DIR "/coding-agent/policy.yaml";
    const Loaded loaded = load_policy(bytes_of(file), file, {});
    for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
    policy_ = loaded.policy;
    if (policy_ == nullptr) return;
    tool_ = policy_->find("", "shell");
    bound_ = std::make_unique<BoundTool>(bind(*policy_, *tool_, nullptr, Instant{}));
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = policy_->agent;
    opened.identity = policy_->identity;
    EXPECT_TRUE(state_.apply({state_.next_seq(), Instant{}, 0, opened}));
  }

  bool loaded() const { return bound_ != nullptr; }
  const CommandRule& rule() const { return *tool_->commands; }

  Verdict judge(std::string_view line) const {
    json::Writer out;
    const std::string arguments(out.object().key("command").string(line).end().text());
    const auto document = json::parse(arguments);
    const Facts facts;
    const Call call{"", "shell", document->root()};
    return admit({.policy = *policy_,
                  .state = state_,
                  .run = *state_.run("r"),
                  .call = call,
                  .tool = bound_.get(),
                  .facts = facts,
                  .now = Instant{}});
  }

  // Whether rows that let through name all programs of the line.
  bool names_all(std::string_view text) const {
    const auto line = shell::parse(text, shell::Dialect::bash);
    if (!line) return false;
    bool any = false;
    for (const shell::Command& command : shell::analyse(*line).commands) {
      const bool needs_row = command.standing == shell::Standing::program ||
                             command.standing == shell::Standing::builtin;
      if (!needs_row) continue;
      any = true;
      const auto entries = rule().line.rows.entries_of(shell::base_name(command.program));
      const bool named = std::ranges::any_of(entries, [&](const shell::Rows::Entry& entry) {
        return !rule().line.rows.row(entry.row).stops;
      });
      if (!named) return false;
    }
    return any;
  }

 private:
  std::shared_ptr<const Policy> policy_;
  const ToolRule* tool_ = nullptr;
  std::unique_ptr<BoundTool> bound_;
  State state_;
};

bool runs(const Verdict& verdict) {
  return verdict.effect < Effect::hold;
}

template <std::size_t N>
const Excused* excused(const std::array<Excused, N>& list, std::string_view id) {
  const auto found = std::ranges::find(list, id, &Excused::id);
  return found == list.end() ? nullptr : &*found;
}

// One line with its verdict, for the engineer who looks for causes.
void show(const Labelled& line, const Verdict& verdict, bool named) {
  std::string text = line.line;
  std::ranges::replace(text, '\n', '\x1e');
  std::string says;
  for (const std::string& one : line.says) says += one + ",";
  std::cout << line.label << "\t" << to_string(verdict.effect) << "\t" << (named ? "named" : "-")
            << "\t" << line.id << "\t" << says << "\t" << text << "\t" << verdict.reason.says
            << (verdict.question ? verdict.question->why : "") << "\n";
}

TEST(LabelledLines, OfACodingAgent) {
  const files::path path = lines_file();
  if (path.empty()) {
    GTEST_SKIP() << "there are no labelled lines: $PAWL_CONFORMANCE_DIR names the folder that has "
                    "them in commands/dev/commands.jsonl.gz";
  }
  const CodingAgent agent;
  ASSERT_TRUE(agent.loaded());
  const std::vector<Labelled> lines = read_lines(path);
  std::map<std::string, std::map<std::string, int>> table;
  int safe = 0, refused = 0;
  std::set<std::string_view> needed;
  for (const Labelled& line : lines) {
    const Verdict verdict = agent.judge(line.line);
    const bool named = agent.names_all(line.line);
    ++table[line.label][std::string(to_string(verdict.effect)) + (named ? " named" : "")];
    if (std::getenv("PAWL_SHOW") != nullptr) show(line, verdict, named);
    if (line.label == "dangerous" && runs(verdict)) {
      const Excused* why = excused(kHarmless, line.id);
      EXPECT_NE(why, nullptr) << line.id << " is allowed: " << line.line;
      if (why != nullptr) needed.insert(why->id);
    }
    if (line.label != "safe" || !named) continue;
    if (!runs(verdict)) {
      if (const Excused* why = excused(kUnsafe, line.id)) {
        needed.insert(why->id);
        continue;
      }
      ++refused;
    }
    ++safe;
  }
  for (const auto& [label, effects] : table) {
    std::cout << label << ":";
    for (const auto& [effect, count] : effects) std::cout << " " << effect << " " << count;
    std::cout << "\n";
  }
  std::cout << "safe lines of programs that rows name: " << safe << ", refused " << refused << "\n";
  EXPECT_LT(refused * 20, safe);
  for (const Excused& one : kHarmless) EXPECT_TRUE(needed.contains(one.id)) << one.id;
  for (const Excused& one : kUnsafe) EXPECT_TRUE(needed.contains(one.id)) << one.id;
}

}  // namespace
}  // namespace pawl
