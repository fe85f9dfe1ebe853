#include "doors/decide/decision.h"

#include "base/json.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

void put_texts(std::string_view key, const std::vector<std::string>& texts, json::Writer& out) {
  out.key(key).array();
  for (const std::string& text : texts) out.string(text);
  out.end();
}

void put_approval(const Question& question, json::Writer& out) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  out.key("approval").object().key("deny_on_timeout").boolean(question.deny_on_timeout);
  out.key("quorum").integer(question.quorum);
  put_texts("reviewers", question.reviewers, out);
  out.key("typed").boolean(question.typed);
  put_texts("typed_of", question.typed_of, out);
  out.key("within_seconds").integer(question.within.ns / second_ns).end();
}

void put_contacts(const Policy& policy, json::Writer& out) {
  out.key("contacts").array();
  for (const Contact& contact : policy.contacts) {
    out.object().key("after").string(to_string(contact.after));
    out.key("name").string(contact.name).key("via").string(contact.via).end();
  }
  out.end();
}

void put_halt(const std::string& why, const Policy& policy, json::Writer& out) {
  out.key("halt").object();
  put_contacts(policy, out);
  if (!policy.ceilings.notify.empty()) out.key("notify").string(policy.ceilings.notify);
  out.key("why").string(why).end();
}

void put_notify(const std::string& why, const Policy& policy, json::Writer& out) {
  out.key("notify").object();
  put_contacts(policy, out);
  out.key("why").string(why).end();
}

void put_obligations(const Obligations& all, const Policy& policy, json::Writer& out) {
  out.object();
  if (all.approval != nullptr) put_approval(*all.approval, out);
  if (!all.forward.empty()) out.key("forward").raw(all.forward);
  if (!all.halt.empty()) put_halt(all.halt, policy, out);
  if (!all.notify.empty()) put_notify(all.notify, policy, out);
  if (!all.result.empty()) out.key("result").raw(all.result);
  if (all.scope != nullptr) put_texts("scope", *all.scope, out);
  if (!all.warning.empty()) out.key("warning").string(all.warning);
  if (!all.result.empty()) put_texts("withheld", all.withheld, out);
  out.end();
}

void put_or_null(std::string_view text, json::Writer& out) {
  if (text.empty()) {
    out.null();
  } else {
    out.string(text);
  }
}

// `notify` lets the call run: the word of the contract is `allow`, and the notice is an obligation.
std::string_view word_of(Effect effect) {
  return to_string(effect == Effect::notify ? Effect::allow : effect);
}

}  // namespace

std::string to_json(const LineDecision& decision, const Policy& policy) {
  json::Writer out;
  out.object().key("effect").string(word_of(decision.effect));
  out.key("code").string(to_string(decision.code)).key("rule");
  put_or_null(decision.rule == nullptr ? std::string_view{} : decision.rule->path, out);
  out.key("reason").string(decision.reason).key("class");
  put_or_null(decision.class_text, out);
  out.key("obligations");
  put_obligations(decision.obligations, policy, out);
  out.key("run");
  put_or_null(decision.run, out);
  out.end();
  return out.take();
}

}  // namespace pawl
