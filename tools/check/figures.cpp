#include "figures.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "classes.h"
#include "scan.h"

namespace pawl::check {
namespace {

bool follows(const std::vector<Token>& tokens, std::size_t at,
             std::initializer_list<std::string_view> texts) {
  if (at + texts.size() > tokens.size()) return false;
  return std::ranges::equal(texts, std::span(tokens).subspan(at, texts.size()), {}, {},
                            &Token::text);
}

struct Counts {
  std::size_t key_comparisons = 0;  // `key.key == "…"`
  std::size_t forwarded = 0;  // `std::unexpected(x.error())`, `if (Status x = …; !x) return x`
};

// `PAWL_TRY(…);`, where `at` is the `if`.
bool returns_status(const std::vector<Token>& tokens, std::size_t at) {
  constexpr std::size_t condition_max = 200;
  if (!follows(tokens, at, {"if", "(", "Status"}) || at + 3 >= tokens.size()) return false;
  const std::string_view name = tokens[at + 3].text;
  const std::size_t end = std::min(tokens.size(), at + condition_max);
  for (std::size_t i = at; i < end; ++i) {
    if (!follows(tokens, i, {";", "!", name, ")"})) continue;
    const std::size_t body = i + 4 + (follows(tokens, i + 4, {"{"}) ? 1 : 0);
    return follows(tokens, body, {"return", name, ";"}) ||
           follows(tokens, body, {"co_return", name, ";"});
  }
  return false;
}

void count_tokens(const std::vector<Token>& tokens, Counts& into) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (follows(tokens, i, {".", "key", "=="}) && i + 3 < tokens.size() &&
        tokens[i + 3].kind == Kind::text) {
      ++into.key_comparisons;
    }
    const bool hands_on = tokens[i].is("unexpected") && i + 6 < tokens.size() &&
                          tokens[i + 1].is("(") && follows(tokens, i + 3, {".", "error", "("});
    into.forwarded += hands_on || returns_status(tokens, i) ? 1 : 0;
  }
}

// How many headers of ours come with each header.
class Reach {
 public:
  explicit Reach(const Tree& tree) : tree_(tree) {}

  const std::set<std::string>& of(const std::string& path) {
    const auto [at, fresh] = known_.try_emplace(path);
    if (!fresh) return at->second;
    const SourceFile* file = tree_.find("src/" + path);
    if (file == nullptr) return at->second;
    std::set<std::string> all;
    for (const Include& include : scan(file->text).includes) {
      if (include.angled) continue;
      all.insert(std::string(include.path));
      const std::set<std::string>& more = of(std::string(include.path));
      all.insert(more.begin(), more.end());
    }
    return known_[path] = std::move(all);
  }

 private:
  const Tree& tree_;
  std::map<std::string, std::set<std::string>> known_;
};

std::size_t words_in(std::string_view text) {
  constexpr std::array<std::string_view, 6> turns = {"whoever", "somebody", "nobody",
                                                     "Whoever", "Somebody", "Nobody"};
  std::size_t count = 0;
  for (std::string_view turn : turns) {
    for (std::size_t at = 0; (at = text.find(turn, at)) != std::string_view::npos; ++at) ++count;
  }
  return count;
}

std::string median(std::vector<std::size_t> lines) {
  if (lines.empty()) return "0";
  std::ranges::nth_element(lines, lines.begin() + static_cast<std::ptrdiff_t>(lines.size() / 2));
  return std::to_string(lines[lines.size() / 2]);
}

struct Totals {
  std::vector<std::size_t> lines;
  Classes classes;
  Counts counts;
  std::size_t all_lines = 0, turns = 0;
  std::size_t widest = 0;
  std::string widest_header;
};

Totals measure(const Tree& tree) {
  Totals totals;
  totals.classes = classes_of(tree);
  Reach reach(tree);
  for (const SourceFile& file : tree.files) {
    if (!file.cpp()) continue;
    const bool code = !file.path.starts_with("test/structure/samples");
    if (code) totals.turns += words_in(file.text);
    if (!is_production(file)) continue;
    totals.lines.push_back(file.lines.size());
    totals.all_lines += file.lines.size();
    const Scan seen = scan(file.text);
    count_tokens(seen.tokens, totals.counts);
    if (!file.path.ends_with(".h") || !file.path.starts_with("src/")) continue;
    const std::size_t behind = reach.of(file.path.substr(4)).size();
    if (behind > totals.widest) {
      totals.widest = behind;
      totals.widest_header = file.path;
    }
  }
  return totals;
}

}  // namespace

std::vector<Figure> figures(const Tree& tree) {
  const Totals totals = measure(tree);
  std::size_t spread = 0, methods = 0;
  std::string spread_names, largest;
  for (const auto& [name, size] : totals.classes) {
    if (size.files.size() > files_of_a_class_max) {
      ++spread;
      spread_names += (spread_names.empty() ? "" : ", ") + name.substr(name.find(' ') + 1);
    }
    if (size.methods.size() > methods) {
      methods = size.methods.size();
      largest = name.substr(name.find(' ') + 1);
    }
  }
  const auto named = [](std::size_t count, const std::string& names) {
    return std::to_string(count) + (names.empty() ? "" : " (" + names + ")");
  };
  return {
      {"production files", std::to_string(totals.lines.size()), "under 800"},
      {"median lines of a file", median(totals.lines), "over 140"},
      {"classes defined in more than three files", named(spread, spread_names), "0"},
      {"methods of the largest class", named(methods, largest), "under 40"},
      {"comparisons of a key with a literal", std::to_string(totals.counts.key_comparisons), "0"},
      {"errors forwarded by hand", std::to_string(totals.counts.forwarded), "under 60"},
      {"lines of production code", std::to_string(totals.all_lines), "under 134,000"},
      {"project headers behind the widest header", named(totals.widest, totals.widest_header),
       "under 60"},
      {"whoever, somebody, nobody in code and comments", std::to_string(totals.turns), "under 50"},
  };
}

}  // namespace pawl::check
