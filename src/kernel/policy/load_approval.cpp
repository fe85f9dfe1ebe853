// `approval` of the file and of an entry, and the older keys beside it.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
void read_reviewers(Build& build, const yaml::Entry& key, ApprovalTerms& terms) {
  for (Placed& reviewer : build.reading.texts(key.value, key.key)) {
    if (reviewer.text == "sponsor") {
      build.reading.mistake(reviewer.at,
                            "`sponsor` as a reviewer is not enforced by this version, so it is "
                            "refused: expected persons or groups of the deployment file");
    } else {
      terms.reviewers.push_back(std::move(reviewer.text));
    }
  }
}

namespace {

void read_route(Build& build, const yaml::Node& node, const std::string& path,
                std::vector<std::shared_ptr<const Condition>>& conditions, ApprovalTerms& terms) {
  Route route;
  route.rule = {path, node.at};
  std::optional<std::uint16_t> place;
  ApprovalTerms to;
  const bool read = build.reading.keys(node, Section::route, [&](const yaml::Entry& key) {
    if (key.key == "if") {
      place = add_condition(conditions, read_expression(build, key, path + "/if", Polarity::stops));
    } else if (key.key == "to") {
      read_reviewers(build, key, to);
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  for (const std::string_view key : {"if", "to"}) build.reading.missing(node, Section::route, key);
  if (!place) return;
  route.condition = *place;
  route.reviewers = std::move(to.reviewers);
  terms.routes.push_back(std::move(route));
}

void read_typed(Build& build, const yaml::Entry& key, const std::string& path,
                ApprovalTerms& terms) {
  const std::optional<bool> plain = key.value.as_boolean();
  if (plain && !*plain) {
    build.reading.mistake(key.value.at,
                          "`typed: false` takes nothing away: where the decision table asks for a "
                          "typed confirmation it stands; leave it out");
    return;
  }
  TypedText typed{.argument = {}, .rule = {path + "/approval/typed", key.key_at}};
  if (!plain) {
    const auto argument = read_single_argument(build, key);
    if (!argument) return;
    typed.argument = to_string(*argument);
  }
  terms.typed = std::move(typed);
}

void read_wider(Build& build, const yaml::Entry& key, const std::string& path,
                ApprovalTerms& terms) {
  Wider wider;
  terms.wider_rule = {path + "/approval/wider", key.key_at};
  const bool read = build.reading.keys(key.value, Section::wider, [&](const yaml::Entry& member) {
    if (member.key == "identical") {
      const auto calls = build.reading.count(member.value, "identical", {2, limits::identical_max});
      wider.identical = calls.value_or(0);
    } else if (member.key == "run") {
      const LengthBetween bounds{Duration::seconds(1), limits::approval_max};
      wider.run = build.reading.duration(member.value, "run", bounds).value_or(Duration{});
    } else {
      return false;
    }
    return true;
  });
  if (read && key.value.entries.empty()) {
    build.reading.mistake(key.value.at, "`wider` is empty: expected `identical`, `run`, or both");
  }
  terms.wider = wider;
}

}  // namespace

void refuse_wider(Build& build, const ApprovalTerms& terms, std::string_view why) {
  if (terms.wider) build.reading.mistake(terms.wider_rule.at, std::string(why));
}

ApprovalTerms read_approval(Build& build, const yaml::Node& node, const std::string& path,
                            std::vector<std::shared_ptr<const Condition>>& conditions) {
  ApprovalTerms terms;
  const bool read = build.reading.keys(node, Section::approval, [&](const yaml::Entry& key) {
    if (key.key == "reviewers" || key.key == "by") {
      read_reviewers(build, key, terms);
    } else if (key.key == "quorum") {
      const auto quorum = build.reading.count(key.value, "quorum", {1, limits::quorum_max});
      if (quorum) terms.quorum = static_cast<std::uint8_t>(*quorum);
    } else if (key.key == "within") {
      terms.within =
          build.reading.duration(key.value, "within", {Duration::seconds(1), limits::approval_max});
    } else if (key.key == "typed") {
      read_typed(build, key, path, terms);
    } else if (key.key == "wider") {
      read_wider(build, key, path, terms);
    } else if (key.key == "route") {
      build.reading.items(key.value, "route", [&](const yaml::Node& item) {
        const std::string at = fmt::format("{}/approval/route/{}", path, terms.routes.size() + 1);
        if (terms.routes.size() < limits::routes_max) {
          read_route(build, item, at, conditions, terms);
        } else {
          build.reading.mistake(item.at, fmt::format("more than {} routes", limits::routes_max));
        }
      });
    } else {
      return false;
    }
    return true;
  });
  if (read) build.reading.both(node, "reviewers", "by");
  if (read && node.entries.empty()) build.reading.mistake(node.at, "`approval` is empty");
  return terms;
}

namespace {

// A boolean, or a condition on which people are asked.
void read_requires_approval(Build& build, const yaml::Entry& key, ToolRule& rule) {
  const yaml::Node& node = key.value;
  const std::string_view word = trim(node.text);
  const bool meant = node.quoted && (word == "true" || word == "false");
  if (meant) {
    build.reading.mistake(
        node.at, fmt::format("`requires_approval` is the quoted text `{}`, and only conditions are "
                             "texts: write {} without quotes",
                             word, word));
    return;
  }
  if (!node.is_scalar() || node.as_boolean() || !looks_like_expression(node.text)) {
    rule.requires_approval = build.reading.boolean(node, key.key).value_or(true);
    return;
  }
  rule.requires_approval = false;
  rule.approval_if = add_condition(
      rule.conditions, read_expression(build, key, rule.approval_rule.path, Polarity::stops));
}

}  // namespace

void read_entry_approval(Build& build, const yaml::Node& entry, ToolRule& rule) {
  const yaml::Entry* approval = entry.entry("approval");
  const yaml::Entry* asked = entry.entry("requires_approval");
  const yaml::Entry* timeout = entry.entry("approval_timeout_seconds");
  const yaml::Entry* on_timeout = entry.entry("auto_deny_on_timeout");
  if (approval != nullptr) {
    rule.approval = read_approval(build, approval->value, rule.rule.path, rule.conditions);
    rule.requires_approval = true;
    rule.approval_rule = {rule.rule.path + "/approval", approval->key_at};
    const auto& stated = rule.stated_class;
    if (stated && stated->reversibility == Reversibility::irreversible) {
      refuse_wider(build, rule.approval, wider_is_for_what_can_be_undone);
    }
  }
  if (asked != nullptr) {
    rule.approval_rule = {rule.rule.path + "/requires_approval", asked->key_at};
    read_requires_approval(build, *asked, rule);
  }
  if (timeout != nullptr) {
    const auto within = build.reading.seconds(timeout->value, timeout->key, limits::approval_max);
    if (approval != nullptr && approval->value.entry("within") != nullptr) {
      build.reading.mistake(
          timeout->key_at, fmt::format("`{}` says again what `approval.within` in line {} says",
                                       timeout->key, approval->value.entry("within")->key_at.line));
    } else {
      rule.approval.within = within;
    }
  }
  if (on_timeout != nullptr) {
    rule.approval.deny_on_timeout = build.reading.boolean(on_timeout->value, on_timeout->key);
  }
}

}  // namespace pawl
