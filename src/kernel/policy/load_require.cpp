// `require` and `except` of a layer.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/load_layer.h"

namespace pawl {
namespace {

constexpr std::size_t exceptions_max = 256;
constexpr std::size_t reviewers_max = 16;  // of one row: who may answer for two rows multiplies

// A layer knows no entry of any role, so it cannot count the records of one of them.
std::shared_ptr<const Condition> read_if(LayerBuild& build, const yaml::Entry& key,
                                         const std::string& path, Polarity polarity) {
  auto condition = read_expression(build, key, path, polarity);
  if (condition == nullptr) return nullptr;
  for (const CountAsked& asked : condition->counts()) {
    if (!asked.records || asked.name.empty()) continue;
    build.reading.mistake(
        cel::position_of({condition->text(), condition->rule().at}, asked.offset),
        "a layer does not know the entries of a role: expected `run.records[tool]`, or "
        "`run.seen[\"NAME\"]` for calls");
  }
  return condition;
}

constexpr std::string_view kRequireThen = "then";
constexpr std::string_view kQuorum = "quorum";
constexpr std::string_view kTyped = "typed";

class RequirementReader {
 public:
  RequirementReader(LayerBuild& build, const yaml::Node& node) : build_(build), node_(node) {
    made_.rule = {
        fmt::format("{}/require/{}", build.layer.rule.path, build.layer.requirements.size() + 1),
        node.at};
  }

  void read();

  void read_condition(const yaml::Entry& key) {
    made_.condition = read_if(build_, key, made_.rule.path + "/if", Polarity::stops);
  }

  void read_then(const yaml::Entry& key) {
    then_ = read_effect(build_, key);
    if (then_ != Effect::allow) return;
    build_.reading.mistake(key.value.at,
                           "a layer allows nothing: expected `notify`, `hold` or "
                           "`deny`");
  }

  void read_quorum(const yaml::Entry& key) {
    const auto quorum = build_.reading.count(key.value, key.key, {1, limits::quorum_max});
    if (quorum) quorum_ = static_cast<std::uint8_t>(*quorum);
  }

  void read_say(const yaml::Entry& key) { lines<&Words::say>(build_, made_.words, key); }

  void read_terms(const yaml::Entry& key) {
    std::vector<std::shared_ptr<const Condition>> routes;
    made_.approval = read_approval(build_, key.value, made_.rule.path, routes);
    refuse_wider(build_, made_.approval, "a layer only tightens: `wider` is the role's to say");
    if (const yaml::Entry* route = key.value.entry(kApprovalRoute)) {
      build_.reading.mistake(route->key_at,
                             "a layer has no routes: one row of `require` for each "
                             "of them says the same");
    }
    if (made_.approval.typed && !made_.approval.typed->argument.empty()) {
      build_.reading.mistake(made_.approval.typed->rule.at,
                             "a layer does not know the arguments of any tool: expected "
                             "`typed: true`, which is the tool's name or what the role says");
    }
    if (made_.approval.reviewers.size() > reviewers_max) {
      build_.reading.mistake(key.value.at, fmt::format("more than {} reviewers of one row: a group "
                                                       "of the deployment file has no such bound",
                                                       reviewers_max));
    }
  }

  void read_typed(const yaml::Entry& key) {
    if (key.value.as_boolean() == true) {
      typed_ = TypedText{.argument = {}, .rule = {made_.rule.path + "/typed", key.key_at}};
    } else {
      build_.reading.mistake(key.value.at,
                             "expected `true`: nothing is taken away from what others ask, and a "
                             "layer does not know the arguments of any tool");
    }
  }

 private:
  // A mapping that says how people are asked asks them.
  void settle() {
    const yaml::Entry* asks = node_.entry(kApproval);
    if (asks == nullptr) asks = node_.entry(kQuorum);
    if (asks == nullptr) asks = node_.entry(kTyped);
    if (asks == nullptr) build_.reading.missing(node_, Section::requirement, kRequireThen);
    made_.then = then_.value_or(asks == nullptr ? Effect::deny : Effect::hold);
    if (asks != nullptr && made_.then != Effect::hold) {
      build_.reading.mistake(
          asks->key_at, fmt::format("`{}` asks people, and `then` in line {} says `{}`", asks->key,
                                    node_.entry(kRequireThen)->key_at.line, to_string(made_.then)));
    }
    if (quorum_) once(kQuorum, made_.approval.quorum, quorum_);
    if (typed_) once(kTyped, made_.approval.typed, typed_);
  }

  // A short spelling beside the long one would leave open which of them holds.
  template <class T>
  void once(std::string_view name, std::optional<T>& into, std::optional<T>& shorter) {
    if (into) {
      build_.reading.mistake(node_.entry(name)->key_at,
                             fmt::format("`{0}` says again what `approval.{0}` says", name));
    }
    into = std::move(shorter);
  }

  LayerBuild& build_;
  const yaml::Node& node_;
  Requirement made_;
  std::optional<Effect> then_;
  std::optional<std::uint8_t> quorum_;
  std::optional<TypedText> typed_;
};

constexpr auto kRequirementKeys = section_keys<LayerBuild, RequirementReader>(
    Section::requirement,
    {
        {"if", "expression", "required", 7,
         "When the row applies, over `class`, `env`, `tool`, `agent`, `run`, `now` and `args`. One "
         "that fails applies too.",
         method<&RequirementReader::read_condition>},
        {kRequireThen, "`notify`, `hold` or `deny`", "hold beside `approval`, `quorum` or `typed`",
         2, "What happens to such a call, unless something else is stricter.",
         method<&RequirementReader::read_then>},
        {kQuorum, "whole number", "1", 10, "Short for `approval: {quorum: …}`.",
         method<&RequirementReader::read_quorum>},
        {kApproval, mapping(Section::approval), "the role's", 10,
         "How people are asked. The person who answers must be a reviewer of the role's own "
         "approval request "
         "and of every such row.",
         method<&RequirementReader::read_terms>},
        {"say", "text", "none", 0, "Words for the agent and the reviewer.",
         method<&RequirementReader::read_say>},
        {kTyped, "`true`", "nothing", 10,
         "Short for `approval: {typed: true}`: reviewers type the tool's name, or what the role "
         "says.",
         method<&RequirementReader::read_typed>},
    });

void RequirementReader::read() {
  if (!read_section(build_, node_, kRequirementKeys, *this)) return;
  settle();
  if (made_.condition != nullptr) build_.layer.requirements.push_back(std::move(made_));
}

// One name that a role can grant: an exception covers only the tools that its owner looked at.
std::optional<NamePattern> read_tool_name(LayerBuild& build, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  const auto written = build.reading.text(node, key.key);
  if (!written) return std::nullopt;
  auto pattern = parse_name(*written);
  if (!pattern) {
    build.reading.mistake(node.at, pattern.error().message);
    return std::nullopt;
  }
  if (pattern->glob() || written->starts_with("*/")) {
    build.reading.mistake(node.at,
                          fmt::format("an exception is for one tool, and `{}` stands for several: "
                                      "expected `tool` or `server/tool`",
                                      escape_untrusted(*written)));
    return std::nullopt;
  }
  return std::move(*pattern);
}

void read_tool(LayerBuild& build, Exception& into, const yaml::Entry& key) {
  if (auto tool = read_tool_name(build, key)) into.tool = std::move(*tool);
}

void read_condition(LayerBuild& build, Exception& into, const yaml::Entry& key) {
  into.condition = read_if(build, key, into.rule.path + "/if", Polarity::grants);
}

void read_most(LayerBuild& build, Exception& into, const yaml::Entry& key) {
  into.then = read_effect(build, key).value_or(Effect::hold);
  if (into.then != Effect::deny) return;
  build.reading.mistake(key.value.at,
                        "an exception asks less than its layer: expected "
                        "`allow`, `notify` or `hold`");
}

constexpr auto kExceptionKeys = section_keys<LayerBuild, Exception>(
    Section::exception,
    {
        {"role", "text", "required", 0, "The role whose calls are excepted.",
         text<&Exception::role>},
        {"tool", "text", "required", 2, "One tool: `tool` or `server/tool`; no glob.", read_tool},
        {"if", "expression", "every call", 7, "One that fails excepts nothing.", read_condition},
        {"then", "`allow`, `notify` or `hold`", "required", 2,
         "What `require` of this layer asks at most. Of several exceptions the one that asks "
         "least.",
         read_most},
        {"until", "date or instant", "required", 11, "The end; a date counts to its last hour.",
         end<&Exception::until>},
        {"reason", "text", "required", 11, "Why.", lines<&Exception::reason>},
    });

void read_exception(LayerBuild& build, const yaml::Node& node) {
  Exception made{.rule = {fmt::format("{}/except/{}", build.layer.rule.path,
                                      build.layer.exceptions.size() + 1),
                          node.at},
                 .role = {},
                 .tool = {.any_server = true, .server = NamePart(""), .tool = NamePart("")},
                 .condition = nullptr,
                 .then = Effect::hold,
                 .until = {},
                 .reason = {}};
  if (read_section(build, node, kExceptionKeys, made)) {
    build.layer.exceptions.push_back(std::move(made));
  }
}

}  // namespace

void list_requirement_keys(std::vector<Key>& into) {
  kRequirementKeys.list(into);
  kExceptionKeys.list(into);
}

void read_requirements(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    if (build.layer.requirements.size() < requirements_max) {
      RequirementReader(build, item).read();
    } else if (&item == &key.value.items[requirements_max]) {
      build.reading.mistake(item.at, fmt::format("more than {} rows", requirements_max));
    }
  });
}

void read_exceptions(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    if (build.layer.exceptions.size() < exceptions_max) {
      read_exception(build, item);
    } else if (&item == &key.value.items[exceptions_max]) {
      build.reading.mistake(item.at, fmt::format("more than {} exceptions", exceptions_max));
    }
  });
}

std::vector<std::string_view> parts_of_reviewer(std::string_view reviewer) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = reviewer.find(also_mark);
    parts.push_back(reviewer.substr(0, end));
    if (end == std::string_view::npos) return parts;
    reviewer.remove_prefix(end + also_mark.size());
  }
}

namespace {

// Both at once, each name once and in one order.
std::string both(std::string_view a, std::string_view b) {
  std::vector<std::string_view> parts = parts_of_reviewer(a);
  for (const std::string_view part : parts_of_reviewer(b)) parts.push_back(part);
  std::ranges::sort(parts);
  const auto repeated = std::ranges::unique(parts);
  parts.erase(repeated.begin(), repeated.end());
  return fmt::format("{}", fmt::join(parts, also_mark));
}

}  // namespace

std::vector<std::string> reviewers_of_both(const std::vector<std::string>& these,
                                           const std::vector<std::string>& those) {
  constexpr std::size_t most = 1024;  // fewer people may answer beyond it, never others
  if (these.empty() || these == those) return those;
  if (those.empty()) return these;
  std::vector<std::string> out;
  for (const std::string& one : these) {
    for (const std::string& other : those) {
      std::string name = both(one, other);
      if (out.size() < most && std::ranges::find(out, name) == out.end()) {
        out.push_back(std::move(name));
      }
    }
  }
  return out;
}

}  // namespace pawl
