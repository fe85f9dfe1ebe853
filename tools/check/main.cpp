// pawl_check: the style of the house as a test.
//
//   pawl_check [--root DIR] RULE...             one or more rules, or `all`
//   pawl_check --samples DIR RULE...            whether the rules object to what they should
//   pawl_check list                             the rules
//   pawl_check [--root DIR] figures             what the house measures about itself
//
// Findings are printed as `file:line: message`. Exit status: 0 none, 1 some, 2 wrong usage.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "figures.h"
#include "rules.h"
#include "samples.h"

namespace pawl::check {
namespace {

struct Options {
  std::string root = ".";
  std::string samples;
  std::vector<std::string> names;
};

void print(const std::string& line) {
  std::puts(line.c_str());
}

int usage() {
  std::fputs("usage: pawl_check [--root DIR | --samples DIR] RULE...|all|list|figures\n", stderr);
  return 2;
}

bool read(int count, char** words, Options& into) {
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--root" || word == "--samples") {
      if (++i == count) return false;
      (word == "--root" ? into.root : into.samples) = words[i];
    } else {
      into.names.push_back(word);
    }
  }
  return !into.names.empty();
}

int list() {
  for (const Rule& rule : rules()) {
    print(std::string(rule.name) + std::string(12 - rule.name.size(), ' ') +
          std::string(rule.what));
  }
  return 0;
}

int print_figures(const Options& options) {
  constexpr std::size_t what_columns = 50, value_columns = 44;
  for (const Figure& figure : figures(read_tree(options.root))) {
    std::string line = figure.what;
    line.resize(std::max(line.size() + 1, what_columns), ' ');
    line += figure.value;
    line.resize(std::max(line.size() + 1, what_columns + value_columns), ' ');
    print(line + figure.bound);
  }
  return 0;
}

// How many lines it had to print.
std::size_t run(const Rule& rule, const Options& options, const Tree& tree) {
  if (!options.samples.empty()) {
    const auto wrong = try_samples(rule, options.samples);
    for (const std::string& line : wrong) print(std::string(rule.name) + ": " + line);
    return wrong.size();
  }
  const Findings findings = rule.find(tree);
  for (const Finding& finding : findings) {
    print(finding.path + ":" + std::to_string(finding.line) + ": " + finding.message);
  }
  return findings.size();
}

int check(const Options& options) {
  if (options.names.front() == "list") return list();
  if (options.names.front() == "figures") return print_figures(options);
  std::vector<Rule> wanted;
  for (const std::string& name : options.names) {
    const auto rule = std::ranges::find(rules(), name, &Rule::name);
    if (name == "all") {
      wanted.assign(rules().begin(), rules().end());
    } else if (rule == rules().end()) {
      std::fprintf(stderr, "pawl_check: there is no rule `%s`\n", name.c_str());
      return 2;
    } else {
      wanted.push_back(*rule);
    }
  }
  const Tree tree = options.samples.empty() ? read_tree(options.root) : Tree{};
  std::size_t findings = 0;
  for (const Rule& rule : wanted) findings += run(rule, options, tree);
  print("check: " + std::to_string(wanted.size()) + " rules, " + std::to_string(tree.files.size()) +
        " files, " + std::to_string(findings) + " findings");
  return findings == 0 ? 0 : 1;
}

}  // namespace
}  // namespace pawl::check

int main(int count, char** words) {
  pawl::check::Options options;
  if (!pawl::check::read(count, words, options)) return pawl::check::usage();
  try {
    return pawl::check::check(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pawl_check: %s\n", error.what());
    return 2;
  }
}
