// Words: nothing unfinished is left as a note, and nothing in the tree speaks of the place where
// it was written, its folders, or the hosts that packages come from.

#include <array>
#include <cctype>

#include "rules.h"

namespace pawl::check {
namespace {

struct Refused {
  std::string_view text;
  bool whole_word;
  std::string_view why;
};

// In two halves each, so that this file does not find itself.
constexpr std::string_view kUnfinished = "is a promise in a comment: do it, or leave it out";
constexpr std::string_view kPlace = "is about the place where this was written";
constexpr std::string_view kHost = "names a host of packages";
constexpr std::array<Refused, 14> kRefused = {{
    {"TO"
     "DO",
     true, kUnfinished},
    {"FIX"
     "ME",
     true, kUnfinished},
    {"NOT"
     "IMPLEMENTED",
     true, kUnfinished},
    {"/work/"
     "main",
     false, kPlace},
    {"/work/"
     "shared",
     false, kPlace},
    {"../sha"
     "red/",
     false, kPlace},
    {"shared/"
     "facts",
     false, kPlace},
    {"shared/"
     "design",
     false, kPlace},
    {"shared/"
     "seeds",
     false, kPlace},
    {"shared/"
     "prototypes",
     false, kPlace},
    {"registry."
     "npmjs",
     false, kHost},
    {"deb."
     "debian.org",
     false, kHost},
    {"files."
     "pythonhosted",
     false, kHost},
    {"proxy."
     "golang.org",
     false, kHost},
}};

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool contains(std::string_view line, const Refused& refused) {
  for (auto at = line.find(refused.text); at != std::string_view::npos;
       at = line.find(refused.text, at + 1)) {
    const auto end = at + refused.text.size();
    const bool left = at > 0 && in_word(line[at - 1]);
    const bool right = end < line.size() && in_word(line[end]);
    if (!refused.whole_word || (!left && !right)) return true;
  }
  return false;
}

}  // namespace

Findings find_bad_words(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    for (std::size_t n = 0; n < file.lines.size(); ++n) {
      for (const Refused& refused : kRefused) {
        if (!contains(file.lines[n], refused)) continue;
        std::string message = "`" + std::string(refused.text) + "` ";
        message += refused.why;
        out.push_back({file.path, static_cast<int>(n) + 1, std::move(message)});
      }
    }
  }
  return out;
}

}  // namespace pawl::check
