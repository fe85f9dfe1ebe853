#include "kernel/policy/line_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/constraint/compiled.h"

namespace pawl {
namespace {

constexpr std::size_t bases_max = 16;

// Names under which a tool is told where to work.
constexpr std::array<std::string_view, 4> kDirectoryNames = {"cwd", "workdir", "working_directory",
                                                             "directory"};

bool is_stream(std::string_view path) {
  return path == "/dev/null" || path == "/dev/stdin" || path == "/dev/stdout" ||
         path == "/dev/stderr" || path == "/dev/tty" || path.starts_with("/dev/fd/");
}

// `path` from `base`, without `.` and doubled slashes. A `..` is understood at the beginning alone:
// behind a name it leads wherever that name's links lead.
std::optional<std::string> clean_from(std::string_view base, std::string_view path) {
  std::vector<std::string_view> parts;
  if (!path.starts_with('/')) {
    for (const std::string_view part : split(base, '/')) {
      if (!part.empty()) parts.push_back(part);
    }
  }
  bool named = path.starts_with('/');
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
      named = true;
      continue;
    }
    if (named || parts.empty()) return std::nullopt;
    parts.pop_back();
  }
  std::string out;
  for (const std::string_view part : parts) (out += '/') += part;
  return out.empty() ? "/" : out;
}

std::string pointer_of(std::string_view argument, std::string_view path) {
  return fmt::format("/{} {}", argument, path);
}

}  // namespace

LineFiles::LineFiles(const CommandRule& rule, const shell::Analysis& analysis,
                     const LinePlace& place)
    : rule_(rule), analysis_(analysis), place_(place), effects_(shell::effects_of(analysis)) {
  const bool clean = place.base.starts_with('/') && check_path_text(place.base).empty();
  bases_.emplace_back(clean ? place.base : "");
  lost_ = effects_.moves_unknown || (!clean && !place.base.empty());
  for (const shell::Directory& directory : effects_.directories) {
    if (!directory.stays) continue;
    const bool again = analysis.commands[directory.command].context.repeated;
    lost_ = lost_ || (again && !directory.path.starts_with('/'));
    for (std::size_t i = 0, all = bases_.size(); i < all; ++i) {
      const bool relative = !directory.path.starts_with('/');
      if (relative && bases_[i].empty()) {
        lost_ = lost_ || directory.path.starts_with("..");
        continue;  // below what is not known
      }
      auto next = clean_from(bases_[i], directory.path);
      lost_ = lost_ || !next || bases_.size() >= bases_max;
      if (next && std::ranges::find(bases_, *next) == bases_.end()) bases_.push_back(*next);
      if (lost_) break;
    }
  }
  const std::string prefix = pointer_of(place.argument, "");
  resolved_ = std::ranges::any_of(
      place.facts, [&](const PathFact& one) { return one.pointer.starts_with(prefix); });
}

std::vector<LineFiles::Spot> LineFiles::spots(std::string_view path) const {
  std::vector<Spot> out;
  if (!path.starts_with('/') && lost_) {
    out.push_back({{}, {}, false, "a directory that is not known"});
    return out;
  }
  for (const std::string& base : bases_) {
    const bool anywhere = base.empty() && !path.starts_with('/');
    auto clean = clean_from(base, path);
    if (!clean) {
      out.push_back({{}, {}, false, "a path with `..`"});
    } else {
      const bool climbs = path.starts_with("..");
      std::string raw = climbs ? fmt::format("{}/{}", base, path) : *clean;
      out.push_back({std::move(*clean), std::move(raw), anywhere, {}});
    }
    if (path.starts_with('/')) break;
  }
  return out;
}

const PathFact* LineFiles::fact(std::string_view path) const {
  const std::string pointer = pointer_of(place_.argument, path);
  const auto found = std::ranges::find(place_.facts, pointer, &PathFact::pointer);
  return found == place_.facts.end() ? nullptr : &*found;
}

std::string LineFiles::ordinal_of(std::uint32_t command) const {
  return ordinal(analysis_, command);
}

// A directory that the policy gives, or the one in which the line works, or one above them.
bool LineFiles::takes_all(std::string_view path, const PathRule& rule) const {
  const auto within = [&](std::string_view one) { return lies_under(path, one); };
  return std::ranges::any_of(rule.under, within) || (!bases_[0].empty() && within(bases_[0]));
}

LineFiles::Objection LineFiles::check_spot(const Spot& spot, const shell::FileEffect& file,
                                           const FilePlaces& places) const {
  const PathRule& rule = *places.compiled;
  const std::string who = ordinal_of(file.command);
  const std::string_view does = file.write ? "writes" : "reads";
  const auto uncovered = [&](std::string_view what) {
    return Objection{nullptr, fmt::format("{} {} {}", who, does, what)};
  };
  const auto excluded = [&]() {
    return Objection{&places.rule,
                     fmt::format("{} {} one of the paths that the policy excludes", who, does)};
  };
  if (!spot.wrong.empty()) return uncovered(spot.wrong);
  if (spot.anywhere) {
    if (!file.look && rule.not_in.match(spot.path)) return excluded();
    if (file.write) return uncovered("a file in a directory that is not known");
    return !file.look && file.glob && rule.not_in.may_match(spot.path)
               ? uncovered("what a pattern matches, which may be excluded")
               : Objection{};
  }
  if (const auto wrong = check_path_text(spot.path); !wrong.empty() && spot.path != "/") {
    return file.maybe ? Objection{} : uncovered(fmt::format("a path that {}", wrong));
  }
  std::string_view place = spot.path;
  if (file.glob) {
    place = place.substr(0, place.find_first_of("*?["));
    place = place.substr(0, std::max<std::size_t>(place.rfind('/'), 1));
  }
  const bool inside = rule.under.empty() || std::ranges::any_of(rule.under, [&](const auto& one) {
                        return lies_under(one, place);
                      });
  if (!inside) return uncovered("a file outside of the directories that the policy gives");
  if (file.look) return {};
  if (rule.not_in.match(spot.path)) return excluded();
  if (file.glob && rule.not_in.may_match(spot.path)) {
    return uncovered("what a pattern matches, which may be excluded");
  }
  if (file.write && file.deep && rule.not_in.below(spot.path)) return excluded();
  if (file.gone && takes_all(spot.path, rule)) {
    return {nullptr, fmt::format("{} takes away the directory that the policy gives, and all that "
                                 "is in it",
                                 who)};
  }
  if (!resolved_ || file.glob) return {};
  const PathFact* found = fact(spot.path);
  if (found == nullptr || !found->failure.empty()) {
    return uncovered("a file whose place could not be found out");
  }
  if (found->resolved.empty()) return {};
  if (rule.not_in.match(found->resolved)) return excluded();
  return check_resolved(rule, found->resolved).empty()
             ? Objection{}
             : uncovered("a file outside of the directories that the policy gives, links followed");
}

LineFiles::Objection LineFiles::check(const shell::FileEffect& file,
                                      const FilePlaces& places) const {
  if (places.compiled == nullptr) return {};
  if ((file.known || file.glob) && is_stream(file.path)) return {};
  // Where a pattern writes, any of what it matches may be a link.
  if (!file.known && (!file.glob || file.write)) {
    if (file.look && !file.home) return {};
    return {nullptr, fmt::format("{} {} a file {}", ordinal_of(file.command),
                                 file.write  ? "writes"
                                 : file.look ? "looks at"
                                             : "reads",
                                 file.home ? "in a home directory" : "whose path is not known")};
  }
  if (file.path.empty()) return {};
  if (file.here && bases_.size() == 1 && bases_[0].empty() && !lost_) return {};
  Objection first;
  for (const Spot& spot : spots(file.path)) {
    Objection found = check_spot(spot, file, places);
    if (found.denies != nullptr) return found;
    if (first.why.empty()) first = std::move(found);
  }
  return first;
}

// Where the line works, against what the policy says of the working directory.
LineFiles::Objection LineFiles::directories() const {
  if (place_.directory == nullptr) return {};
  if (effects_.directory_unknown) return {nullptr, "it works in a directory that is not known"};
  for (const shell::Directory& directory : effects_.directories) {
    const std::string outside = fmt::format(
        "{} works in a directory outside of those that the "
        "policy gives",
        ordinal_of(directory.command));
    for (const Spot& spot : spots(directory.path)) {
      if (!spot.wrong.empty()) return {nullptr, outside};
      if (spot.anywhere) continue;
      const PathRule& rule = *place_.directory;
      const bool inside = std::ranges::any_of(
          rule.under, [&](const auto& one) { return lies_under(one, spot.path); });
      if (!rule.under.empty() && !inside) return {nullptr, outside};
      if (rule.not_in.match(spot.path)) return {nullptr, outside};
      if (!resolved_) continue;
      const PathFact* found = fact(spot.path);
      const bool led = found != nullptr && found->failure.empty() &&
                       (found->resolved.empty() || check_resolved(rule, found->resolved).empty());
      if (!led) return {nullptr, outside};
    }
  }
  return {};
}

// What lies below a name that the line itself makes may lie behind a link by then.
LineFiles::Objection LineFiles::made_below() const {
  for (const shell::FileEffect& made : effects_.files) {
    if (!made.write || !made.deep || !made.known || made.path.empty() || made.path == ".") continue;
    const std::string_view program = shell::base_name(analysis_.commands[made.command].program);
    if (program != "ln" && program != "mv" && program != "cp" && program != "git") continue;
    const std::string below = made.path.ends_with('/') ? made.path : made.path + "/";
    for (const shell::FileEffect& file : effects_.files) {
      if (file.command == made.command || !file.write || !file.path.starts_with(below)) continue;
      return {nullptr,
              fmt::format("{} writes below what the line itself makes", ordinal_of(file.command))};
    }
  }
  return {};
}

LineFiles::Objection LineFiles::whole() const {
  Objection first = directories();
  for (const shell::FileEffect& file : effects_.files) {
    Objection found = check(file, file.write ? rule_.writes : rule_.reads);
    if (found.denies != nullptr) return found;
    if (first.why.empty()) first = std::move(found);
  }
  if (first.why.empty() && rule_.writes.compiled != nullptr) return made_below();
  return first;
}

LineFiles::Objection LineFiles::row(const CommandRow& row, std::uint32_t command) const {
  Objection first;
  for (const shell::FileEffect& file : effects_.files) {
    if (file.command != command) continue;
    Objection found = check(file, file.write ? row.writes : row.reads);
    if (found.denies != nullptr) return found;
    if (first.why.empty()) first = std::move(found);
  }
  if (first.why.empty() && row.writes.compiled != nullptr) return made_below();
  return first;
}

std::vector<std::pair<std::string, std::string>> LineFiles::to_resolve() const {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](std::string_view path) {
    for (const Spot& spot : spots(path)) {
      if (!spot.wrong.empty() || spot.anywhere || !check_path_text(spot.path).empty()) continue;
      std::pair one(pointer_of(place_.argument, spot.path), spot.raw);
      if (std::ranges::find(out, one) == out.end()) out.push_back(std::move(one));
    }
  };
  for (const shell::FileEffect& file : effects_.files) {
    if (file.known && !file.glob && !file.look && !is_stream(file.path)) add(file.path);
  }
  for (const shell::Directory& directory : effects_.directories) add(directory.path);
  return out;
}

WorkingDirectory working_directory(const BoundTool& tool, json::View arguments) {
  WorkingDirectory out;
  const ArgumentRule* stated = nullptr;
  std::string_view name;
  bool several = false;
  for (const std::string_view one : kDirectoryNames) {
    if (arguments[one].exists()) {
      several = several || !name.empty();
      name = one;
    }
    for (const ArgumentRule& rule : tool.arguments) {
      if (to_string(rule.path) == one && (stated == nullptr || name == one)) stated = &rule;
    }
  }
  if (stated != nullptr) {
    for (const Check& check : stated->checks) {
      if (check.kind == CheckKind::path && check.index != nullptr) {
        out.rule = &index_of<CheckKind::path>(check);
      }
    }
  }
  // Where the policy says where relative paths begin, a tool that is told nothing begins there.
  const std::string base = out.rule == nullptr ? "" : out.rule->base;
  if (name.empty()) {
    out.base = base;
  } else if (!several && arguments[name].is_string()) {
    const std::string_view value = arguments[name].string();
    const bool relative = !value.starts_with('/');
    out.base = relative && !base.empty() ? base + "/" + std::string(value) : std::string(value);
  } else {
    out.base = "?";  // no clean place
  }
  return out;
}

}  // namespace pawl
