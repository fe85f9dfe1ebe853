#include "samples.h"

#include <algorithm>
#include <optional>

namespace pawl::check {
namespace fs = std::filesystem;
namespace {

struct Expected {
  std::string place;  // `path:line`
  std::string words;
};

std::string place_of(const Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line);
}

std::vector<Expected> expectations(const SourceFile& file) {
  std::vector<Expected> list;
  for (const std::string_view line : file.lines) {
    const auto end = line.find(": ");
    if (end == std::string_view::npos) continue;
    list.push_back({std::string(line.substr(0, end)), std::string(line.substr(end + 2))});
  }
  return list;
}

// Compares one sample; returns how many findings it expects, or nothing where it has no list.
std::optional<std::size_t> try_one(const Rule& rule, const fs::path& folder,
                                   std::vector<std::string>& wrong) {
  const Tree tree = read_tree(folder);
  const std::string name = folder.filename().string();
  const SourceFile* list = tree.find("expected");
  if (list == nullptr) {
    wrong.push_back(name + ": has no file `expected`");
    return std::nullopt;
  }
  std::vector<Expected> open = expectations(*list);
  const std::size_t count = open.size();
  for (const Finding& finding : rule.find(tree)) {
    if (finding.path == list->path) continue;  // it quotes what the rule objects to
    const auto met = std::ranges::find_if(open, [&](const Expected& expected) {
      return expected.place == place_of(finding) &&
             finding.message.find(expected.words) != std::string::npos;
    });
    if (met == open.end()) {
      wrong.push_back(name + ": not expected: " + place_of(finding) + ": " + finding.message);
    } else {
      open.erase(met);
    }
  }
  for (const Expected& expected : open) {
    wrong.push_back(name + ": not found: " + expected.place + ": " + expected.words);
  }
  return count;
}

}  // namespace

std::vector<std::string> try_samples(const Rule& rule, const fs::path& samples) {
  std::vector<std::string> wrong;
  std::size_t objections = 0;
  const fs::path folder = samples / rule.name;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_directory()) objections += try_one(rule, entry.path(), wrong).value_or(0);
    }
  }
  if (objections == 0) wrong.push_back("no sample breaks this rule");
  return wrong;
}

}  // namespace pawl::check
