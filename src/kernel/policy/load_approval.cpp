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

// What `approval` is read into: the terms, and the expressions of the entry or of the file.
struct ApprovalDraft {
  const std::string& path;
  std::vector<std::shared_ptr<const Condition>>& conditions;
  ApprovalTerms terms = {};
};

struct RouteDraft {
  ApprovalDraft& of;
  Route route;
  ConditionPlace place = {};
};

void read_if_of_route(Build& build, RouteDraft& into, const yaml::Entry& key) {
  into.place =
      add_condition(into.of.conditions,
                    read_expression(build, key, into.route.rule.path + "/if", Polarity::stops));
}

void read_to(Build& build, RouteDraft& into, const yaml::Entry& key) {
  ApprovalTerms to;
  read_reviewers(build, key, to);
  into.route.reviewers = std::move(to.reviewers);
}

constexpr auto kRouteKeys = section_keys<Build, RouteDraft>(
    Section::route,
    {
        {"if", "expression", "required", 7, "When the route matches. One that fails matches too.",
         read_if_of_route},
        {"to", "text or list of texts", "required", 10, "Who answers then.", read_to},
    });

void read_route(Build& build, ApprovalDraft& into, const yaml::Node& node) {
  std::vector<Route>& routes = into.terms.routes;
  if (routes.size() == limits::routes_max) {
    build.reading.mistake(node.at, fmt::format("more than {} routes", limits::routes_max));
    return;
  }
  RouteDraft draft{.of = into, .route = {}};
  draft.route.rule = {fmt::format("{}/approval/route/{}", into.path, routes.size() + 1), node.at};
  if (!read_section(build, node, kRouteKeys, draft) || !draft.place) return;
  draft.route.condition = *draft.place;
  routes.push_back(std::move(draft.route));
}

void read_typed(Build& build, ApprovalDraft& into, const yaml::Entry& key) {
  const std::optional<bool> plain = key.value.as_boolean();
  if (plain && !*plain) {
    build.reading.mistake(key.value.at,
                          "`typed: false` takes nothing away: where the decision table asks for a "
                          "typed confirmation it stands; leave it out");
    return;
  }
  TypedText typed{.argument = {}, .rule = {into.path + "/approval/typed", key.key_at}};
  if (!plain) {
    const auto argument = read_single_argument(build, key);
    if (!argument) return;
    typed.argument = to_string(*argument);
  }
  into.terms.typed = std::move(typed);
}

constexpr LengthBetween kApprovalTime{Duration::seconds(1), limits::approval_max};

constexpr auto kWiderKeys = section_keys<Build, Wider>(
    Section::wider, {
                        {"identical", "whole number", "none", 10,
                         "Up to so many identical calls of the run, the first one among them.",
                         count<Between{2, limits::identical_max}, &Wider::identical>},
                        {"run", "duration", "none", 10,
                         "So long for calls of the same run that are asked for the same reasons, "
                         "of the same class, "
                         "whatever their arguments are. Not where a value of the arguments is the "
                         "reason, and not for "
                         "what can carry data outside.",
                         duration<kApprovalTime, &Wider::run>},
                    });

void read_wider(Build& build, ApprovalDraft& into, const yaml::Entry& key) {
  Wider wider;
  into.terms.wider_rule = {into.path + "/approval/wider", key.key_at};
  if (read_section(build, key.value, kWiderKeys, wider) && key.value.entries.empty()) {
    build.reading.mistake(key.value.at, "`wider` is empty: expected `identical`, `run`, or both");
  }
  into.terms.wider = wider;
}

void read_reviewers_of(Build& build, ApprovalDraft& into, const yaml::Entry& key) {
  read_reviewers(build, key, into.terms);
}

constexpr std::string_view kReviewers = "reviewers";
constexpr std::string_view kBy = "by";
constexpr std::string_view kApprovalWithin = "within";

constexpr auto kApprovalKeys = section_keys<Build, ApprovalDraft>(
    Section::approval,
    {
        {kReviewers, "text or list of texts", "the deployment's `default_reviewers`", 10,
         "Persons or groups of the deployment file who may answer.", read_reviewers_of},
        {kBy, "text or list of texts", "", 10, "Another word for `reviewers`.", read_reviewers_of},
        {"quorum", "whole number", "1", 10, "How many persons must approve.",
         count<Between{1, limits::quorum_max}, &ApprovalDraft::terms, &ApprovalTerms::quorum>},
        {kApprovalWithin, "duration", "5m", 10, "How long the approval request stays open.",
         duration<kApprovalTime, &ApprovalDraft::terms, &ApprovalTerms::within>},
        {"typed", "true or an argument", "what the decision table asks for", 10,
         "What a reviewer types to approve: the text of an argument (`args.order_id`), or the "
         "tool's "
         "name (`true`). A call that has no such text is denied.",
         read_typed},
        {kApprovalRoute, list_of(Section::route), "none", 10,
         "Reviewers by condition: those of every route that matches answer, in place of "
         "`reviewers`.",
         each_item<read_route>},
        {"wider", mapping(Section::wider), "none", 10,
         "What a reviewer may make one approval good for, besides its call, where the call can be "
         "undone and nothing has to be typed. The person who answers chooses it; otherwise it is "
         "the "
         "one call.",
         read_wider},
    });

}  // namespace

void list_approval_keys(std::vector<Key>& into) {
  kApprovalKeys.list(into);
  kWiderKeys.list(into);
  kRouteKeys.list(into);
}

void refuse_wider(Build& build, const ApprovalTerms& terms, std::string_view why) {
  if (terms.wider) build.reading.mistake(terms.wider_rule.at, std::string(why));
}

ApprovalTerms read_approval(Build& build, const yaml::Node& node, const std::string& path,
                            std::vector<std::shared_ptr<const Condition>>& conditions) {
  ApprovalDraft draft{.path = path, .conditions = conditions};
  if (read_section(build, node, kApprovalKeys, draft)) {
    build.reading.both(node, kReviewers, kBy);
    if (node.entries.empty()) build.reading.mistake(node.at, "`approval` is empty");
  }
  return std::move(draft.terms);
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
  const yaml::Entry* approval = entry.entry(kApproval);
  const yaml::Entry* asked = entry.entry(kRequiresApproval);
  const yaml::Entry* timeout = entry.entry(kApprovalTimeout);
  const yaml::Entry* on_timeout = entry.entry(kAutoDeny);
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
    if (approval != nullptr && approval->value.entry(kApprovalWithin) != nullptr) {
      build.reading.mistake(
          timeout->key_at,
          fmt::format("`{}` says again what `approval.within` in line {} says", timeout->key,
                      approval->value.entry(kApprovalWithin)->key_at.line));
    } else {
      rule.approval.within = within;
    }
  }
  if (on_timeout != nullptr) {
    rule.approval.deny_on_timeout = build.reading.boolean(on_timeout->value, on_timeout->key);
  }
}

}  // namespace pawl
