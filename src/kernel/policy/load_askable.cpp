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

  void read();

  void read_names(const yaml::Entry& key) {
    for (const Placed& name : build_.reading.texts(key.value, key.key)) read_name(name);
  }
  void read_args(const yaml::Entry& key) {
    read_arguments(build_, key, made_.what.rule.path + "/" + key.key, made_.what);
  }
  void read_by(const yaml::Entry& key) { read_reviewers(build_, key, made_.what.approval); }
  void read_for(const yaml::Entry& key) {
    duration<LengthBetween{Duration::seconds(1), limits::lent_max}, &Askable::lasts>(build_, made_,
                                                                                     key);
  }
  void read_max_calls(const yaml::Entry& key) {
    count<Between{1, limits::calls_max}, &ToolRule::max_calls_per_run>(build_, made_.what, key);
    made_.what.max_calls_rule = {made_.what.rule.path + "/" + key.key, key.key_at};
  }

 private:
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

  // Names that are granted already, or that are blocked.
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

constexpr auto kAskableKeys = section_keys<Build, AskableReader>(
    Section::may_request,
    {
        {"name", "text or list of texts", "required", 2,
         "Tools that nothing grants; no glob, and none that is blocked.",
         method<&AskableReader::read_names>},
        {"args", "mapping of arguments", "none", 6, "What each argument would have to be.",
         method<&AskableReader::read_args>},
        {"by", "text or list of texts", "the file's `approval`", 10,
         "Who may grant it, and answers for calls of it that are held.",
         method<&AskableReader::read_by>},
        {"for", "duration", "required", 0, "How long it would be granted; a week at most.",
         method<&AskableReader::read_for>},
        {"max_calls", "whole number", "no limit", 9, "How many calls of one grant at most.",
         method<&AskableReader::read_max_calls>},
    });

void AskableReader::read() {
  if (!read_section(build_, node_, kAskableKeys, *this)) return;
  for (const ArgumentRule& argument : made_.what.arguments) check_sources_of(build_, argument);
  made_.ask = access_entry(made_.what);
  ToolRule lent = made_.what;
  lent.max_calls_per_run.reset();  // of each grant, and not of the run
  made_.lent = with_servers(build_, std::move(lent));
  build_.policy.askable.push_back(std::move(made_));
}

}  // namespace

void list_askable_keys(std::vector<Key>& into) {
  kAskableKeys.list(into);
}

void read_askable(Build& build, Policy& into, const yaml::Entry& key) {
  std::set<std::string> known;
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    if (into.askable.size() < limits::askable_max) {
      AskableReader(build, item, known).read();
    } else {
      build.reading.mistake(
          item.at, fmt::format("more than {} lines of `may_request`", limits::askable_max));
    }
  });
}

}  // namespace pawl
