#include "doors/control/past.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "base/utf8.h"
#include "doors/control/evidence.h"

namespace pawl {
namespace {

constexpr std::size_t steps_before_max = 8;
constexpr std::size_t task_bytes_shown_max = 400;

std::string replay_of(const Approval& approval) {
  return "`pawl replay " + escape_untrusted(approval.asked.run) + "`";
}

// What was found out is about the call as its agent made it.
void write_found_out(json::Writer& out, const Approval& approval, const ActivityFeed& activity) {
  if (approval.changed) return;
  const JudgedCall* const judged = activity.judged(approval.asked.approval);
  if (judged != nullptr && judged->has_facts) return write_facts(out, judged->facts);
  out.key("facts_missing")
      .string(
          "what was found out about it (paths, SQL, the tool's definition) "
          "is not kept here: see " +
          replay_of(approval));
}

}  // namespace

void write_task(json::Writer& out, const Approval& approval, const Policy& policy) {
  if (policy.task_words.empty()) return;
  std::string words = escape_untrusted(policy.task_words);
  if (words.size() > task_bytes_shown_max) {
    words = utf8::shortened(words, task_bytes_shown_max) + " (more is not shown)";
  }
  const std::string& sponsor = approval.asked.terms->sponsor;
  out.key("task").string(sponsor.empty() ? words : escape_untrusted(sponsor) + " said: " + words);
}

void write_past(json::Writer& out, const Approval& approval, const Run* run,
                const ActivityFeed& activity) {
  write_found_out(out, approval, activity);
  std::vector<const Happening*> steps;
  const auto& all = activity.happenings();
  for (auto at = all.rbegin(); at != all.rend() && steps.size() < steps_before_max; ++at) {
    const bool own = at->call == approval.asked.call && !at->call.empty();
    if (at->run == approval.asked.run && at->at <= approval.opened && !own) {
      steps.push_back(&*at);
    }
  }
  out.key("before").array();
  for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
    out.object().key("at").string(to_string((*at)->at)).key("effect").string((*at)->word);
    out.key("tool")
        .string(escape_untrusted((*at)->tool))
        .key("said")
        .string(escape_untrusted((*at)->said))
        .end();
  }
  out.end();
  const bool whole = run != nullptr && activity.begins() <= run->opened;
  if (!whole && steps.size() < steps_before_max) {
    out.key("earlier").string("what it did before that is not kept here: see " +
                              replay_of(approval));
  }
  const auto known = activity.tools().find(approval.asked.terms->tool);
  if (known == activity.tools().end()) return;
  out.key("same_tool")
      .string(
          fmt::format("{} of {} answers about this tool since {} were yes, whatever the arguments",
                      known->second.approved, known->second.answered,
                      to_string(activity.counts_since()).substr(0, 16)));
}

}  // namespace pawl
