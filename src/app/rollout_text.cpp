#include "app/rollout_text.h"

#include <fmt/format.h>

#include "app/terminal.h"
#include "base/text.h"
#include "model/candidate.h"

namespace pawl::app {
namespace {

std::string rollout_member(json::View one, std::string_view key) {
  return escape_untrusted(one.text(key).value_or(""));
}

void say_observing(json::View one) {
  const bool waits = one["waits"].kind() == json::Kind::boolean && one["waits"].boolean();
  const std::string until = rollout_member(one, "until") + ": " + rollout_member(one, "reason");
  if (waits) {
    out(paint(Ink::warn, "waits") + "      " + rollout_member(one, "agent") +
        " is to be watched and not stopped until " + until + "\n           pawl accept --observe " +
        rollout_member(one, "agent"));
    return;
  }
  out(paint(Ink::bad, "watched") + fmt::format("    {} is not stopped until {}; {} let through",
                                               rollout_member(one, "agent"), until,
                                               one["passed"].natural()));
}

void say_candidate(json::View one) {
  const std::string who = rollout_member(one, "agent");
  if (const std::string why = rollout_member(one, "why"); !why.empty()) {
    out(paint(Ink::warn, "candidate") + "  of " + who + " cannot be judged: " + why);
    return;
  }
  std::string counts;
  for (const CandidateKind kind : candidate_kinds) {
    const std::uint64_t many = one["looks"][to_string(kind)].natural();
    if (many == 0 && kind != CandidateKind::same) continue;
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", many, to_string(kind));
  }
  out(fmt::format("candidate  of {}: {}   (pawl diff --live {})", who, counts, who));
  if (const std::string last = rollout_member(one, "last_error"); !last.empty()) {
    out("           " + paint(Ink::warn, "not known: ") + last);
  }
}

}  // namespace

void say_rollout_of(json::View status) {
  for (const json::View one : status["observing"].elements()) say_observing(one);
  for (const json::View one : status["candidates"].elements()) say_candidate(one);
}

}  // namespace pawl::app
