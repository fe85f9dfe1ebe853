// `may_request`: what an agent may ask people for. It grants nothing by itself.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/access.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

class AskableReader {
 public:
  AskableReader(Build& build, const yaml::Node& node, std::set<std::string>& known)
      : build_(build), node_(node), known_(known) {
    made_.what.rule = {fmt::format("may_request/{}", build.policy.askable.size() + 1), node.at};
  }

  void read() {
    const bool read = build_.reading.keys(node_, Section::may_request,
                                          [this](const yaml::Entry& key) { return take(key); });
    if (!read) return;
    for (const std::string_view key : {"name", "for"}) {
      build_.reading.missing(node_, Section::may_request, key);
    }
    for (const ArgumentRule& argument : made_.what.arguments) check_sources_of(build_, argument);
    made_.ask = access_entry(made_.what);
    ToolRule lent = made_.what;
    lent.max_calls_per_run.reset();  // of each grant, and not of the run
    made_.lent = with_servers(build_, std::move(lent));
    build_.policy.askable.push_back(std::move(made_));
  }

 private:
  bool take(const yaml::Entry& key) {
    ToolRule& what = made_.what;
    if (key.key == "name") {
      for (const Placed& name : build_.reading.texts(key.value, "name")) read_name(name);
    } else if (key.key == "args") {
      read_arguments(build_, key, what.rule.path + "/args", what);
    } else if (key.key == "by") {
      read_reviewers(build_, key, what.approval);
    } else if (key.key == "for") {
      const auto lasts =
          build_.reading.duration(key.value, "for", {Duration::seconds(1), limits::lent_max});
      made_.lasts = lasts.value_or(Duration{});
    } else if (key.key == "max_calls") {
      what.max_calls_per_run = build_.reading.count(key.value, key.key, {1, limits::calls_max});
      what.max_calls_rule = {what.rule.path + "/max_calls", key.key_at};
    } else {
      return false;
    }
    return true;
  }

  void read_name(const Placed& name) {
    const auto pattern = parse_name(name.text);
    if (!pattern) {
      build_.reading.mistake(name.at, pattern.error().message);
    } else if (pattern->glob()) {
      build_.reading.mistake(name.at, fmt::format("`{}` is a glob, and what people grant for a "
                                                  "while is a tool that they know: name it",
                                                  escape_untrusted(name.text)));
    } else if (!known_.insert(fold(name.text)).second) {
      build_.reading.mistake(name.at,
                             fmt::format("`{}` is there twice", escape_untrusted(name.text)));
    } else if (!in_vain(name, *pattern)) {
      made_.what.names.push_back(name.text);
      made_.what.key += (made_.what.key.empty() ? "" : "|") + name.text;
    }
  }

  // Names that nobody needs to ask for, or that nobody can grant.
  bool in_vain(const Placed& name, const NamePattern& pattern) {
    const auto folded = parse_name(fold(name.text));
    for (const BlockedName& blocked : build_.policy.blocked) {
      const auto wide = parse_name(blocked.folded);
      if (!folded || !wide || !wide->contains(*folded)) continue;
      build_.reading.mistake(
          name.at, fmt::format("`{}` is blocked in line {}, which wins over what people grant",
                               escape_untrusted(name.text), blocked.rule.at.line));
      return true;
    }
    for (const auto& [written, at] : build_.written_names) {
      const auto wide = parse_name(written);
      if (!wide || wide->reserved() != pattern.reserved() || !wide->contains(pattern)) continue;
      build_.reading.mistake(name.at, fmt::format("`{}` is granted in line {} already",
                                                  escape_untrusted(name.text), at.line));
      return true;
    }
    return false;
  }

  Build& build_;
  const yaml::Node& node_;
  std::set<std::string>& known_;
  Askable made_;
};

}  // namespace

void read_askable(Build& build, const yaml::Node& node) {
  std::set<std::string> known;
  build.reading.items(node, "may_request", [&](const yaml::Node& item) {
    if (build.policy.askable.size() < limits::askable_max) {
      AskableReader(build, item, known).read();
    } else {
      build.reading.mistake(
          item.at, fmt::format("more than {} lines of `may_request`", limits::askable_max));
    }
  });
}

}  // namespace pawl
