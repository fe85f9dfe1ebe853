// How a client is asked, in its era.
//
// A client of the older era gets a request of ours and answers it. A modern client is asked in a
// call of its own: the call is answered with `input_required`, is parked here while it goes on at
// the server, and the client's retry brings the answers. A question that comes while its call is
// parked goes out with the next continuation; one that nobody answers in time is lost, and its call
// is cancelled.
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/server_requests.h"
#include "doors/mcp/session/session_impl.h"

namespace pawl::mcp {

namespace {

// A name that a server may give to its question: plain, and not as long as a text.
bool plain_name(std::string_view name) {
  constexpr std::size_t bytes_max = 64;
  return !name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

// What a modern client knows the question by: the server's own name for it, where it has a plain
// one that no other question of the call has, so that clients which answer by name find it.
std::string key_for(Pending& about, const std::string& name) {
  const auto taken = [&about](const std::string& key) {
    return std::ranges::find(about.questions, key, &Question::key) != about.questions.end();
  };
  if (plain_name(name) && !taken(name)) return name;
  std::string made;
  do {
    made = fmt::format("q{}", ++about.asked);
  } while (taken(made));
  return made;
}

// Its client has been shown a question of it, and has not answered.
bool waits_for_client(const Pending& entry) {
  return std::ranges::any_of(entry.questions, &Question::shown);
}

// The capability without which a client cannot be asked this, as `requiredCapabilities` has it.
std::string_view capability_for(std::string_view method, json::View params) {
  if (method == "sampling/createMessage") return R"({"sampling":{}})";
  if (method == "roots/list") return R"({"roots":{}})";
  return params.text("mode") == "url" ? R"({"elicitation":{"url":{}}})"
                                      : R"({"elicitation":{"form":{}}})";
}

}  // namespace

bool Session::Impl::speaks_past_scope(std::string_view method) const {
  return method != "roots/list" && scoped_here();
}

bool Session::Impl::may_ask(std::string_view method, json::View params,
                            const Offers& offered) const {
  return offered.cover(method, params) && granted(shown(), "mcp:" + std::string(method)) &&
         !asks_for_secret(params) && !speaks_past_scope(method);
}

PendingPtr Session::Impl::belongs_to(json::View params) const {
  if (const auto task = params["_meta"][meta_related_task].text("taskId")) {
    for (const auto& [id, entry] : in_flight) {
      if (entry->server_task == *task) return entry;
    }
    return nullptr;
  }
  if (const auto request = transports.server->belongs_to()) {
    std::uint64_t id = 0;
    const auto [end, error] =
        std::from_chars(request->data(), request->data() + request->size(), id);
    const auto found = error == std::errc{} ? in_flight.find(id) : in_flight.end();
    return found == in_flight.end() ? nullptr : found->second;
  }
  return only_one_that_may_ask();
}

// Which call a question belongs to of which nothing says so. A call whose question waits for its
// client asks nothing meanwhile, or asks it together with the first; so one that nobody comes back
// for keeps none of the others from being asked.
PendingPtr Session::Impl::only_one_that_may_ask() const {
  PendingPtr working, waiting, asked_now;
  bool several = false, several_wait = false, several_now = false;
  // One call may have several requests open: those about its task.
  const auto take = [](PendingPtr& only, bool& more, const PendingPtr& entry) {
    more = more || (only && only != entry);
    only = entry;
  };
  for (const auto& [id, entry] : in_flight) {
    if (!transports.server->may_belong_to(std::to_string(id))) continue;
    if (!entry->parked && !waits_for_client(*entry)) {
      take(working, several, entry);
      continue;
    }
    take(waiting, several_wait, entry);
    const bool now = loop.now().ns - entry->asked_at.ns < questions_of_one_call_within.ns;
    if (now) take(asked_now, several_now, entry);
  }
  if (working) return several ? nullptr : working;
  if (!several_wait) return waiting;
  return several_now ? nullptr : asked_now;
}

bool Session::Impl::carries(Pending& about, std::string_view method, json::View params) const {
  if (about.gone || about.cancelled) return false;
  if (!about.modern) return true;
  if (!about.offers.cover(method, params)) {
    about.lacks = capability_for(method, params);
    return false;
  }
  return about.round < legs_of_a_call_max && about.questions.size() < questions_of_a_call_max;
}

Task<Answer> Session::Impl::ask(PendingPtr about, std::string method, std::string params,
                                const std::string& server_id, const std::string& name) {
  if (client_era != Era::stateless) {
    asking_in = about ? about->id : std::string();
    auto ticket = at_client->send(method, params);
    asking_in.clear();
    if (!server_id.empty()) asked_client[server_id] = ticket.id;
    // So that it can be withdrawn with its call. A server of the older era may want the answer
    // though the call is over, and takes its question back by itself.
    const bool of_call = about && server_id.empty();
    const std::string key = std::to_string(ticket.id);
    if (of_call) about->questions.push_back({key, server_id, method, {}, ticket.answer, true});
    Answer answer = co_await ticket.answer;
    asked_client.erase(server_id);
    if (of_call) std::erase_if(about->questions, [&](const Question& q) { return q.key == key; });
    co_return answer;
  }
  if (!about || about->gone || about->cancelled || about->round >= legs_of_a_call_max) {
    co_return Answer{Answer::Kind::lost, "the client cannot be asked"};
  }
  Question question;
  question.key = key_for(*about, name);
  question.server_id = server_id;
  question.method = std::move(method);
  question.params = std::move(params);
  Completion<Answer> answered = question.answer;
  about->questions.push_back(std::move(question));
  about->asked_at = loop.now();
  if (!server_id.empty()) asked_client[server_id] = 0;
  if (!about->gathering.pending()) {
    const std::weak_ptr<Impl> self = weak_from_this();
    const std::weak_ptr<Pending> open = about;
    about->gathering = loop.after(questions_together_within, [self, open] {
      const auto room = self.lock();
      const auto entry = open.lock();
      if (room && entry) room->put_questions(entry);
    });
  }
  Answer answer = co_await answered;
  asked_client.erase(server_id);
  co_return answer;
}

void Session::Impl::put_questions(const PendingPtr& entry) {
  if (entry->parked || entry->gone || entry->over || entry->questions.empty()) return;
  if (entry->task) {
    for (Question& question : entry->questions) question.shown = true;
    for (auto& waiting : std::exchange(entry->task->watching, {})) waiting.deliver(true);
    return;
  }
  if (client_gone || !pending.contains(entry->key)) return;
  std::string requests;
  for (Question& question : entry->questions) {
    if (!requests.empty()) requests += ',';
    requests += fmt::format(R"("{}":{{"method":"{}")", question.key, question.method);
    if (!question.params.empty()) requests += fmt::format(R"(,"params":{})", question.params);
    requests += '}';
    question.shown = true;
  }
  Continuation continuation;
  continuation.round = ++entry->round;
  continuation.parked = entry;
  const std::string state =
      entry->round > legs_of_a_call_max
          ? std::string()
          : request_states.issue(spec.random(leg_name_bytes), bound_of(*entry),
                                 std::move(continuation), loop.now());
  if (state.empty()) return withdraw_questions(*entry, "the client cannot be asked any more");
  pending.erase(entry->key);
  entry->parked = true;
  parked.push_back(entry);
  const std::weak_ptr<Impl> self = weak_from_this();
  entry->patience = loop.after(leg_lifetime, [self, entry] {
    if (auto room = self.lock()) room->abandon(entry);
  });
  to_client(result_line(entry->id, fmt::format(R"({{"resultType":"input_required",)"
                                               R"("inputRequests":{{{}}},"requestState":"{}"}})",
                                               requests, state)),
            entry->id);
}

void Session::Impl::come_back(const PendingPtr& entry, const PendingPtr& retry,
                              json::View responses) {
  std::erase(parked, entry);
  entry->patience.reset();
  entry->parked = false;
  entry->id = retry->id;
  entry->key = retry->key;
  entry->token = retry->token;
  entry->shift = 0;
  entry->last_progress = -1;
  entry->offers = retry->offers;
  pending.insert_or_assign(entry->key, entry);
  if (entry->over) return settle(entry, std::move(entry->kept));
  std::vector<std::pair<Completion<Answer>, std::string>> answered;
  for (const Question& question : entry->questions) {
    const json::View response = responses[question.key];
    if (!question.shown || !response.is_object()) continue;
    answered.emplace_back(question.answer, json::write(response));
  }
  std::erase_if(entry->questions, [&](const Question& question) {
    return question.shown && responses[question.key].is_object();
  });
  // Who waits goes on inside, and may end the call.
  for (auto& [waiting, text] : answered) {
    waiting.deliver({Answer::Kind::result, std::move(text)});
  }
  // What was not answered is asked again.
  put_questions(entry);
}

void Session::Impl::abandon(const PendingPtr& entry) {
  std::erase(parked, entry);
  request_states.forget(*entry);
  if (entry->over) {
    (void)gate.note(spec.run, "result dropped", "the client did not come back for it");
    return;
  }
  entry->gone = true;
  withdraw_questions(*entry, "the client did not come back");
  if (entry->caller != nullptr && entry->caller->on_gone) entry->caller->on_gone();
}

void Session::Impl::withdraw_questions(Pending& entry, const std::string& why_not) {
  for (Question& question : std::exchange(entry.questions, {})) {
    if (client_era != Era::stateless) {
      to_client(notification_line("notifications/cancelled",
                                  fmt::format(R"({{"requestId":{}}})", question.key)));
    }
    question.answer.deliver({Answer::Kind::lost, why_not});
  }
}

void Session::Impl::withdraw_question(const std::string& server_id) {
  for (const auto& [id, entry] : in_flight) {
    const auto found = std::ranges::find(entry->questions, server_id, &Question::server_id);
    if (found == entry->questions.end()) continue;
    Completion<Answer> waiting = found->answer;
    entry->questions.erase(found);
    waiting.deliver({Answer::Kind::lost, "the server does not want to know any more"});
    return;
  }
}

}  // namespace pawl::mcp
