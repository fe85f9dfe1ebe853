// Tool names as a policy writes them: `tool`, `server/tool`, and globs of both.
//
// The first slash parts the two, so a tool whose own name has one is written with its server, or
// with `*/` before it: `crm/repos/list`, `*/repos/list`. A name without a server stands for that
// tool on every server, as `*/tool` does. `*` stands for any run of characters and `?` for one.
// Actions that are no tool calls have reserved names
// (`mcp:resources/read`, rule 1): their slash belongs to the name, and only a pattern that itself
// begins with `mcp:` grants them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

inline constexpr std::string_view reserved_prefix = "mcp:";

// One part of a name, with its wildcards in canonical order (`*?` is `?*`, `**` is `*`).
class NamePart {
 public:
  explicit NamePart(std::string_view written);

  const std::string& text() const { return text_; }
  bool glob() const { return glob_; }
  bool matches(std::string_view name) const;
  // Every name that `narrow` matches is matched by this part too.
  bool contains(const NamePart& narrow) const;
  // Some name is matched by both.
  bool overlaps(const NamePart& other) const;

 private:
  std::u32string signs_;  // wildcards as `kAny` and `kOne`
  std::string text_;
  bool glob_ = false;
};

struct NamePattern {
  bool any_server = true;  // no server was written, or `*`
  NamePart server;
  NamePart tool;

  bool glob() const { return tool.glob() || (!any_server && server.glob()); }
  bool reserved() const { return tool.text().starts_with(reserved_prefix); }
  // `tool` or `server/tool`, canonical.
  std::string text() const;

  // As a grant: a pattern without `mcp:` does not reach reserved names.
  bool grants(std::string_view on_server, std::string_view name) const;
  // As a block: nothing is out of its reach, and a call of an unknown server (empty) counts as one
  // of every server. The caller folds both names.
  bool blocks(std::string_view on_server, std::string_view name) const;
  bool contains(const NamePattern& narrow) const;
  bool overlaps(const NamePattern& other) const;
};

// Errors have no position.
Result<NamePattern> parse_name(std::string_view written);

}  // namespace pawl
