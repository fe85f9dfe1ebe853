// One strict reading of a path: absolute, clean, without anything that a shell, a library or
// another operating system would read as something else (cases P07, P08).
//
// Characters that only a shell expands (`*`, `?`, blanks inside) are ordinary characters of names.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "kernel/constraint/constraint.h"

namespace pawl {

inline constexpr std::size_t path_bytes_max = 4096;
inline constexpr std::size_t path_components_max = 256;

// Says what is wrong with a path as written, absolute or (where a base is declared) relative; an
// empty answer is a clean path. `signs`: as in PathCheck.
std::string_view check_path_text(std::string_view path, std::string_view signs = {});

// `/ok` contains `/ok` and `/ok/x`, not `/ok2`. Both are clean.
bool lies_under(std::string_view directory, std::string_view path);

// The globs of `not_in`, ready to match. A glob that begins with a slash is about whole paths; any
// other also about every end of a path that begins with a component (`*.pem`, `.git/hooks/**`). A
// glob that meets a directory meets everything in it, and `.git/**` meets `.git`. Case and
// compatible characters do not matter.
class PathGlobs {
 public:
  static Result<PathGlobs> make(const std::vector<std::string>& globs, std::string_view signs = {});
  bool match(std::string_view clean_path) const;
  // Whether a pattern of the shell evidently may match such a path: `.e*`, `*.p[e]m`, `*`. A sign
  // that stands in both is asked for, so that `*.ts` is no `id_*`.
  bool may_match(std::string_view pattern) const;
  // Whether a glob names something below this directory, with a part of its own: `.git` of
  // `.git/hooks/**`.
  bool below(std::string_view directory) const;

 private:
  bool match_folded(std::string_view path) const;
  std::vector<std::string> folded_;
};

// A compiled `path` check: directories without a trailing slash, all of them clean.
struct PathRule {
  std::vector<std::string> under;
  bool bounded = false;  // only below `under`, also where that is empty
  std::string base;
  PathGlobs not_in;
  std::map<std::string, std::string> leads;  // of PathCheck, those of `under`
  std::string signs;                         // of PathCheck
};
Result<PathRule> compile_path(const PathCheck& check);

// The one spelling of a value, which is what is forwarded: the value itself, without one slash at
// its end, or the absolute form in `joined`. Says what is wrong where it has none.
std::string_view spell_path(const PathRule& rule, std::string_view value, std::string& joined,
                            std::string_view& canonical);
// Whether that lies where the rule, or one of these directories, permits; `not_in` holds below all
// of them.
std::string_view check_place(const PathRule& rule, std::string_view canonical,
                             std::span<const std::string> also = {});
// Both.
std::string_view check_path(const PathRule& rule, std::string_view value, std::string& joined,
                            std::string_view& canonical);
// The same question about where the path really is. A directory that leads over a link is the place
// to which it led; what lies below is compared with the globs in both spellings.
std::string_view check_resolved(const PathRule& rule, std::string_view resolved,
                                std::span<const std::string> also = {});

}  // namespace pawl
