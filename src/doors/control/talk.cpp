#include "doors/control/talk.h"

#include "base/text.h"
#include "doors/control/stored.h"

namespace pawl {

void write_passed(json::Writer& out, const Approval& approval) {
  if (!approval.talk || approval.talk->passed_to.empty()) return;
  out.key("passed_to").string(visible(approval.talk->passed_to));
  out.key("passed_by").string(visible(approval.talk->passed_by));
  if (approval.talk->passed_because.empty()) return;
  out.key("passed_because").string(visible(approval.talk->passed_because));
}

void write_talk(json::Writer& out, Journal& journal, const Approval& approval) {
  if (!approval.talk || approval.talk->remarks.empty()) return;
  out.key("talk").array();
  for (const Remark& remark : approval.talk->remarks) {
    out.object().key("at").string(to_string(remark.at));
    if (!remark.person.empty()) {
      out.key("person").string(visible(remark.person)).key("text").string(visible(remark.text));
      out.end();
      continue;
    }
    const auto words = stored_text(journal, remark.text, "its words");
    out.key("agent").boolean(true);
    if (words) {
      out.key("text").string(visible(*words));
      if (has_hidden_characters(*words)) out.key("hidden").boolean(true);
    } else {
      out.key("missing").string(words.error().message);
    }
    out.end();
  }
  out.end();
  if (approval.talk->unanswered()) out.key("agent_asked").boolean(true);
}

}  // namespace pawl
