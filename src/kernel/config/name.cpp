#include "kernel/config/name.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"
#include "base/utf8.h"
#include "kernel/definition/definition.h"
#include "model/access.h"

namespace pawl {
namespace {

constexpr char32_t kAny = 0x110000;  // outside of Unicode
constexpr char32_t kOne = 0x110001;

// One character of valid UTF-8, and the position behind it.
char32_t next(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  char32_t sign = first;
  while (at < text.size() && utf8::continues(text[at])) {
    sign = (sign << 8U) | static_cast<unsigned char>(text[at++]);
  }
  return sign;
}

std::u32string signs_of(std::string_view written) {
  std::u32string signs;
  std::size_t ones = 0;
  bool any = false;
  const auto flush = [&] {
    signs.append(ones, kOne);
    if (any) signs.push_back(kAny);
    ones = 0;
    any = false;
  };
  for (std::size_t at = 0; at < written.size();) {
    const char32_t sign = next(written, at);
    if (sign == U'*') {
      any = true;
    } else if (sign == U'?') {
      ++ones;
    } else {
      flush();
      signs.push_back(sign);
    }
  }
  flush();
  return signs;
}

bool is_wild(char32_t sign) {
  return sign == kAny || sign == kOne;
}

}  // namespace

NamePart::NamePart(std::string_view written) : signs_(signs_of(written)) {
  std::size_t at = 0;
  for (const char32_t sign : signs_) {
    glob_ = glob_ || is_wild(sign);
    if (sign == kAny) text_ += '*';
    if (sign == kOne) text_ += '?';
    if (is_wild(sign)) continue;
    while (written[at] == '*' || written[at] == '?') ++at;
    const std::size_t start = at;
    next(written, at);
    text_ += written.substr(start, at - start);
  }
}

// The usual walk with one point of return: linear but for the last `*`.
bool NamePart::matches(std::string_view name) const {
  if (!glob_) return name == text_;
  std::size_t sign = 0;
  std::size_t at = 0;
  std::size_t star = std::u32string::npos;
  std::size_t resume = 0;
  while (at < name.size()) {
    std::size_t behind = at;
    const char32_t have = next(name, behind);
    if (sign < signs_.size() && signs_[sign] == kAny) {
      star = sign++;
      resume = at;
    } else if (sign < signs_.size() && (signs_[sign] == kOne || signs_[sign] == have)) {
      ++sign;
      at = behind;
    } else if (star != std::u32string::npos) {
      sign = star + 1;
      next(name, resume);
      at = resume;
    } else {
      return false;
    }
  }
  while (sign < signs_.size() && signs_[sign] == kAny) ++sign;
  return sign == signs_.size();
}

bool NamePart::contains(const NamePart& narrow) const {
  if (!narrow.glob_) return matches(narrow.text_);
  if (!glob_) return false;
  // The narrow pattern is read as a word whose wildcards are letters of their own: `?` is taken by
  // `?` or `*`, `*` by `*` alone.
  const std::u32string& word = narrow.signs_;
  std::vector<bool> row(word.size() + 1, false);
  row[0] = true;
  for (const char32_t sign : signs_) {
    std::vector<bool> below(word.size() + 1, false);
    below[0] = row[0] && sign == kAny;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      const char32_t letter = word[i - 1];
      if (sign == kAny) {
        below[i] = row[i] || below[i - 1];
      } else {
        below[i] = row[i - 1] && letter != kAny && (sign == kOne || sign == letter);
      }
    }
    row = std::move(below);
  }
  return row[word.size()];
}

bool NamePart::overlaps(const NamePart& other) const {
  if (!glob_) return other.matches(text_);
  if (!other.glob_) return matches(other.text_);
  const std::u32string& word = other.signs_;
  std::vector<bool> row(word.size() + 1, false);
  row[0] = true;
  for (std::size_t i = 1; i <= word.size(); ++i) row[i] = row[i - 1] && word[i - 1] == kAny;
  for (const char32_t sign : signs_) {
    std::vector<bool> below(word.size() + 1, false);
    below[0] = row[0] && sign == kAny;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      const char32_t letter = word[i - 1];
      if (sign == kAny) {
        below[i] = row[i] || below[i - 1];
      } else if (letter == kAny) {
        below[i] = below[i - 1] || row[i];
      } else {
        below[i] = row[i - 1] && (sign == kOne || letter == kOne || sign == letter);
      }
    }
    row = std::move(below);
  }
  return row[word.size()];
}

std::string NamePattern::text() const {
  if (!any_server) return server.text() + "/" + tool.text();
  const bool slash = !reserved() && tool.text().find('/') != std::string::npos;
  return slash ? "*/" + tool.text() : tool.text();
}

bool NamePattern::grants(std::string_view on_server, std::string_view name) const {
  if (name.starts_with(reserved_prefix) != reserved()) return false;
  if (!any_server && (on_server.empty() || !server.matches(on_server))) return false;
  return tool.matches(name);
}

bool NamePattern::blocks(std::string_view on_server, std::string_view name) const {
  if (!any_server && !on_server.empty() && !server.matches(on_server)) return false;
  return tool.matches(name);
}

bool NamePattern::contains(const NamePattern& narrow) const {
  if (!tool.contains(narrow.tool)) return false;
  return any_server || (!narrow.any_server && server.contains(narrow.server));
}

bool NamePattern::overlaps(const NamePattern& other) const {
  if (!tool.overlaps(other.tool)) return false;
  return any_server || other.any_server || server.overlaps(other.server);
}

namespace {

std::string_view part_mistake(std::string_view part) {
  if (part.empty()) return "is empty before or behind the `/`";
  if (part.size() > name_bytes_max) return "is longer than a name may be";
  if (part.front() == ' ' || part.back() == ' ') return "begins or ends with a blank";
  return {};
}

}  // namespace

Result<NamePattern> parse_name(std::string_view written) {
  const auto wrong = [written](std::string_view what) {
    return fail(ErrorKind::invalid,
                fmt::format("the name `{}` {}", escape_untrusted(written), what));
  };
  if (written.empty()) return fail(ErrorKind::invalid, "a name is empty");
  if (!valid_utf8(written) || has_hidden_characters(written)) {
    return wrong("holds hidden characters");
  }
  std::string_view server;
  std::string_view tool = written;
  const std::size_t slash = written.find('/');
  const bool qualified = slash != std::string_view::npos && !written.starts_with(reserved_prefix);
  if (qualified) {
    server = written.substr(0, slash);
    tool = written.substr(slash + 1);
    if (const auto mistake = part_mistake(server); !mistake.empty()) return wrong(mistake);
  }
  if (const auto mistake = part_mistake(tool); !mistake.empty()) return wrong(mistake);
  if (tool.starts_with(own_prefix)) return wrong("begins with `pawl:`, which no policy grants");
  if (tool.starts_with('/') || tool.ends_with('/') || tool.find("//") != std::string_view::npos) {
    return wrong("is empty before or behind a `/`: expected `tool` or `server/tool`");
  }
  NamePattern pattern{.any_server = true, .server = NamePart(server), .tool = NamePart(tool)};
  pattern.any_server = !qualified || pattern.server.text() == "*";
  return pattern;
}

}  // namespace pawl
