#include "doors/control/talk.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "doors/control/stored.h"
#include "kernel/policy/layer.h"

namespace pawl {

void write_passed(json::Writer& out, const Approval& approval) {
  if (!approval.talk || approval.talk->passed_to.empty()) return;
  out.key("passed_to").string(escape_untrusted(approval.talk->passed_to));
  out.key("passed_by").string(escape_untrusted(approval.talk->passed_by));
  if (approval.talk->passed_because.empty()) return;
  out.key("passed_because").string(escape_untrusted(approval.talk->passed_because));
}

void write_talk(json::Writer& out, Journal& journal, const Approval& approval) {
  if (!approval.talk || approval.talk->remarks.empty()) return;
  out.key("talk").array();
  for (const Remark& remark : approval.talk->remarks) {
    out.object().key("at").string(to_string(remark.at));
    if (!remark.person.empty()) {
      out.key("person")
          .string(escape_untrusted(remark.person))
          .key("text")
          .string(escape_untrusted(remark.text));
      out.end();
      continue;
    }
    const auto words = stored_text(journal, remark.text, "its words");
    out.key("agent").boolean(true);
    if (words) {
      out.key("text").string(escape_untrusted(*words));
      if (has_hidden_characters(*words)) out.key("hidden").boolean(true);
    } else {
      out.key("missing").string(words.error().message);
    }
    out.end();
  }
  out.end();
  if (approval.talk->unanswered()) out.key("agent_asked").boolean(true);
}

namespace {

// Who could approve it as far as names go.
bool may_take(const Approval& approval, const Answerers& people, std::string_view person,
              const std::vector<std::string>& groups) {
  const auto& named = approval.asked.terms->reviewers;
  const auto is = [&](std::string_view part) {
    return part == person || std::ranges::find(groups, part) != groups.end();
  };
  const bool asked = std::ranges::any_of(
      named.empty() ? people.by_default : named,
      [&](const std::string& each) { return std::ranges::all_of(parts_of_reviewer(each), is); });
  const bool approved = std::ranges::any_of(approval.answers, [&](const Answer& answer) {
    return answer.counts && answer.answer == "approve" && fold(answer.person) == fold(person);
  });
  return asked && !approved && fold(approval.asked.terms->agent) != fold(person);
}

}  // namespace

void write_takers(json::Writer& out, const Approval& approval, const Answerers& people) {
  std::map<std::string, std::vector<std::string>> of_groups;
  out.key("takers").array();
  for (const auto& [person, groups] : people.persons) {
    if (!may_take(approval, people, person, groups)) continue;
    out.object().key("name").string(escape_untrusted(person)).end();
    for (const std::string& group : groups) of_groups[group].push_back(person);
  }
  for (const auto& [group, persons] : of_groups) {
    out.object().key("name").string(escape_untrusted(group)).key("of").array();
    for (const std::string& person : persons) out.string(escape_untrusted(person));
    out.end().end();
  }
  out.end();
}

}  // namespace pawl
