#include "kernel/admit/takes.h"

#include "kernel/admit/call_values.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

Result<Reservation> takes(const Situation& s) {
  Verdict verdict(Effect::deny, class_of(s));
  verdict.environment = s.policy.environment;
  if (!any_objects(s, verdict)) return verdict.reservation;
  return fail(ErrorKind::refused, reason_text(verdict, s.call));
}

}  // namespace

Result<Reservation> takes_if_answered(const Situation& s) {
  if (!has_expressions(s)) return takes(s);
  CallValues values(s);
  Situation with = s;
  with.values = &values;
  return takes(with);
}

}  // namespace pawl
