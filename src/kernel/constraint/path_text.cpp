#include "kernel/constraint/path_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl {
namespace {

bool is_quote(char c) {
  return c == '"' || c == '\'' || c == '`';
}

std::string_view check_characters(std::string_view path, std::string_view signs) {
  for (char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "holds a control character";
    if (c == '\\') return "holds a backslash";
    if (signs.find(c) != std::string_view::npos) continue;
    if (c == '$')
      return "holds a `$`, which may stand for a variable (`signs` of `path` permits it)";
    if (c == '%') {
      return "holds a `%`, which may stand for another character (`signs` of `path` permits it)";
    }
  }
  if (!is_ascii(path) && has_hidden_characters(path)) return "holds hidden characters";
  return {};
}

// Blanks of other alphabets fold to a blank.
bool blank_at_ends(std::string_view path) {
  if (path.front() == ' ' || path.back() == ' ') return true;
  if (is_ascii(path)) return false;
  const std::string composed = compose(path);
  return trim(composed) != composed;
}

std::string_view check_component(std::string_view component) {
  if (component.empty()) return "has a doubled or a trailing slash";
  if (component == "." || component == "..") return "holds a `.` or `..` component";
  // Some file systems drop dots and blanks at the end of a name.
  if (component.back() == '.' || component.back() == ' ') {
    return "has a component that ends in a dot or a blank";
  }
  return {};
}

std::string_view check_components(std::string_view path) {
  std::string_view rest = path.front() == '/' ? path.substr(1) : path;
  if (rest.empty()) return {};  // the root itself
  for (std::size_t count = 1;; ++count) {
    if (count > path_components_max) return "has too many components";
    const std::size_t slash = rest.find('/');
    if (std::string_view wrong = check_component(rest.substr(0, slash)); !wrong.empty()) {
      return wrong;
    }
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

// A reader that composes compatible characters reads another path where full-width dots or slashes
// stand.
std::string_view check_composed(std::string_view path, std::string_view signs) {
  if (is_ascii(path)) return {};
  const std::string composed = compose(path);
  const bool fine = std::ranges::count(composed, '/') == std::ranges::count(path, '/') &&
                    check_characters(composed, signs).empty() && check_components(composed).empty();
  return fine ? std::string_view{} : "holds characters that stand for dots, slashes or signs";
}

Result<std::string> clean_directory(const std::string& written, std::string_view key,
                                    std::string_view signs) {
  std::string directory = written;
  if (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (!directory.starts_with('/')) {
    return fail(ErrorKind::invalid, fmt::format("`{}` in `{}` must be an absolute directory",
                                                escape_untrusted(written), key));
  }
  if (std::string_view wrong = check_path_text(directory, signs); !wrong.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` in `{}` {}", escape_untrusted(written), key, wrong));
  }
  return directory;
}

}  // namespace

std::string_view check_path_text(std::string_view path, std::string_view signs) {
  if (path.empty()) return "is empty";
  if (path.size() > path_bytes_max) return "is longer than a path may be";
  if (path.front() == '~') return "begins with `~`, which may stand for another directory";
  if (is_quote(path.front()) || is_quote(path.back())) return "stands in quotes";
  const bool letter = (path[0] | 0x20) >= 'a' && (path[0] | 0x20) <= 'z';
  if (letter && path.size() > 1 && path[1] == ':') return "begins with a drive letter";
  if (path.find("::") != std::string_view::npos) return "holds `::`";
  if (std::string_view wrong = check_characters(path, signs); !wrong.empty()) return wrong;
  if (blank_at_ends(path)) return "begins or ends with a blank";
  if (std::string_view wrong = check_components(path); !wrong.empty()) return wrong;
  return check_composed(path, signs);
}

bool lies_under(std::string_view directory, std::string_view path) {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

Result<PathGlobs> PathGlobs::make(const std::vector<std::string>& globs, std::string_view signs) {
  const bool dollar = signs.find('$') != std::string_view::npos;
  PathGlobs out;
  for (const std::string& glob : globs) {
    const std::string folded = fold(glob);
    if (folded.empty()) return fail(ErrorKind::invalid, "a pattern in `not_in` is empty");
    if (folded.front() == '~' || (!dollar && folded.find('$') != std::string::npos)) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` in `not_in` must spell its directory out: `~` and variables "
                              "mean another directory on another machine",
                              escape_untrusted(glob)));
    }
    out.folded_.push_back(folded);
    while (out.folded_.back().size() > 1 && out.folded_.back().back() == '/') {
      out.folded_.back().pop_back();
    }
    // A move of a directory moves what is in it: `.git/**` is about `.git` too.
    while (out.folded_.back().size() > 3 && out.folded_.back().ends_with("/**")) {
      out.folded_.push_back(out.folded_.back().substr(0, out.folded_.back().size() - 3));
    }
    // What is met as a directory is met with everything in it.
    out.folded_.push_back(out.folded_.back() == "/" ? "/**" : out.folded_.back() + "/**");
  }
  return out;
}

bool PathGlobs::match_folded(std::string_view path) const {
  for (const std::string& glob : folded_) {
    if (glob_match(glob, path)) return true;
    if (glob.front() == '/') continue;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      if (glob_match(glob, path.substr(slash + 1))) return true;
    }
  }
  return false;
}

bool PathGlobs::match(std::string_view clean_path) const {
  return !folded_.empty() && match_folded(fold(clean_path));
}

namespace {

bool is_wild(char c) {
  return c == '*' || c == '?' || c == '[';
}

// Two components of paths, each with signs that stand for others.
class Overlap {
 public:
  Overlap(std::string_view pattern, std::string_view glob) : a_(pattern), b_(glob) {
    seen_.resize((a_.size() + 1) * (b_.size() + 1) * 2);
  }

  bool any() {
    if (a_.find_first_of("*?[") == a_.npos) return glob_match(b_, a_);
    // A sign at the beginning stands for no dot.
    if (is_wild(a_.front()) && b_.starts_with('.')) return false;
    if (a_.find_first_not_of("*?") == a_.npos) return true;
    return at(0, 0, b_.find_first_not_of("*?") == b_.npos);
  }

 private:
  // `met`: a sign of the one stands for itself in the other.
  bool at(std::size_t i, std::size_t j, bool met) {  // NOLINT(misc-no-recursion)
    const std::size_t place = ((i * (b_.size() + 1)) + j) * 2 + (met ? 1 : 0);
    if (seen_[place]) return false;
    seen_[place] = true;
    if (i == a_.size() && j == b_.size()) return met;
    if (i < a_.size() && a_[i] == '*') {
      return at(i + 1, j, met) || (j < b_.size() && at(i, j + 1, met));
    }
    if (j < b_.size() && b_[j] == '*') {
      return at(i, j + 1, met) || (i < a_.size() && at(i + 1, j, met));
    }
    if (i == a_.size() || j == b_.size()) return false;
    if (a_[i] == '[') {
      const std::size_t end = a_.find(']', i + 2);
      return at(end == a_.npos ? a_.size() : end + 1, j + 1, true);
    }
    if (a_[i] == '?' || b_[j] == '?') return at(i + 1, j + 1, met);
    return a_[i] == b_[j] && at(i + 1, j + 1, true);
  }

  std::string_view a_;
  std::string_view b_;
  std::vector<bool> seen_;
};

using Components = std::vector<std::string_view>;

bool overlap(const Components& a, std::size_t i, const Components& b,  // NOLINT(misc-no-recursion)
             std::size_t j) {
  if (j == b.size()) return i == a.size();
  if (b[j] == "**") {
    for (std::size_t k = i; k <= a.size(); ++k) {
      if (overlap(a, k, b, j + 1)) return true;
    }
    return false;
  }
  return i < a.size() && Overlap(a[i], b[j]).any() && overlap(a, i + 1, b, j + 1);
}

Components components(std::string_view path) {
  Components out = split(path, '/');
  std::erase(out, std::string_view{});
  return out;
}

}  // namespace

bool PathGlobs::may_match(std::string_view pattern) const {
  if (folded_.empty()) return false;
  const std::string folded = fold(pattern);
  const Components a = components(folded);
  return std::ranges::any_of(folded_, [&](const std::string& glob) {
    const Components b = components(glob);
    if (glob.front() == '/') return overlap(a, 0, b, 0);
    for (std::size_t start = 0; start < a.size(); ++start) {
      if (overlap(a, start, b, 0)) return true;
    }
    return false;
  });
}

bool PathGlobs::below(std::string_view directory) const {
  if (folded_.empty()) return false;
  const std::string folded = fold(directory);
  const Components a = components(folded);
  return std::ranges::any_of(folded_, [&](const std::string& glob) {
    const Components b = components(glob);
    if (b.size() < 2 || b[0] == "**") return false;
    if (glob.front() == '/') {
      return a.size() < b.size() && std::equal(a.begin(), a.end(), b.begin());
    }
    for (std::size_t count = 1; count < b.size() && count <= a.size(); ++count) {
      const auto tail = a.end() - static_cast<std::ptrdiff_t>(count);
      if (std::equal(tail, a.end(), b.begin(), [](std::string_view name, std::string_view one) {
            return glob_match(one, name);
          })) {
        return true;
      }
    }
    return false;
  });
}

Result<PathRule> compile_path(const PathCheck& check) {
  PathRule out;
  out.signs = check.signs;
  for (const std::string& written : check.under) {
    Result<std::string> directory = clean_directory(written, "under", check.signs);
    PAWL_TRY(directory);
    const auto led = check.leads.find(*directory);
    if (led != check.leads.end() && led->second.starts_with('/')) out.leads.insert(*led);
    out.under.push_back(std::move(*directory));
  }
  if (!check.base.empty()) {
    Result<std::string> base = clean_directory(check.base, "base", check.signs);
    PAWL_TRY(base);
    out.base = std::move(*base);
  }
  Result<PathGlobs> globs = PathGlobs::make(check.not_in, check.signs);
  PAWL_TRY(globs);
  out.not_in = std::move(*globs);
  out.bounded = !check.under.empty() || check.named_only;
  if (!out.bounded && check.not_in.empty()) {
    return fail(ErrorKind::invalid, "`path` says neither `under` nor `not_in`");
  }
  return out;
}

namespace {

constexpr std::string_view says_excluded = "is one of the paths that the policy excludes";

// The spelling that a place has below the directory as the policy writes it.
std::string as_written(std::string_view directory, std::string_view root, std::string_view place) {
  const std::string_view below = root == "/" ? place : place.substr(root.size());
  if (below.empty() || below == "/") return std::string(directory);
  return std::string(directory == "/" ? "" : directory) + std::string(below);
}

}  // namespace

std::string_view check_place(const PathRule& rule, std::string_view path,
                             std::span<const std::string> also) {
  const auto contains = [&](const std::string& directory) { return lies_under(directory, path); };
  if (rule.bounded && std::ranges::none_of(rule.under, contains) &&
      std::ranges::none_of(also, contains)) {
    return "lies outside the directories that the policy gives";
  }
  return rule.not_in.match(path) ? says_excluded : std::string_view{};
}

std::string_view spell_path(const PathRule& rule, std::string_view value, std::string& joined,
                            std::string_view& canonical) {
  // A directory with a slash behind its name is that directory.
  if (value.size() > 1 && value.back() == '/') value.remove_suffix(1);
  if (std::string_view wrong = check_path_text(value, rule.signs); !wrong.empty()) return wrong;
  canonical = value;
  if (value.front() != '/') {
    if (rule.base.empty()) return "is a relative path and the policy declares no `base`";
    joined = rule.base == "/" ? rule.base : rule.base + "/";
    joined += value;
    canonical = joined;
    if (std::string_view wrong = check_path_text(canonical, rule.signs); !wrong.empty())
      return wrong;
  }
  return {};
}

std::string_view check_path(const PathRule& rule, std::string_view value, std::string& joined,
                            std::string_view& canonical) {
  const std::string_view wrong = spell_path(rule, value, joined, canonical);
  return wrong.empty() ? check_place(rule, canonical) : wrong;
}

std::string_view check_resolved(const PathRule& rule, std::string_view resolved,
                                std::span<const std::string> also) {
  bool below = false;
  for (const auto& [directory, root] : rule.leads) {
    if (!lies_under(root, resolved)) continue;
    // The same place may have a spelling below each of several directories.
    if (rule.not_in.match(as_written(directory, root, resolved))) return says_excluded;
    below = true;
  }
  if (!below) return check_place(rule, resolved, also);
  return rule.not_in.match(resolved) ? says_excluded : std::string_view{};
}

}  // namespace pawl
