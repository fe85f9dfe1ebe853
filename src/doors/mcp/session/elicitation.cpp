#include "doors/mcp/session/elicitation.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"
#include "kernel/definition/secret_names.h"

namespace pawl::mcp {
namespace {

// Somewhere in a form: the name of a field, its title or its description.
bool form_asks_for_secret(json::View schema) {
  for (json::View element : schema.elements()) {
    if (form_asks_for_secret(element)) return true;
  }
  for (auto [key, inner] : schema.members()) {
    // As a reader sees it that does not look at case.
    const std::string name = fold(key);
    if (inner.is_string() && name == "title" && names_secret(inner.string())) return true;
    if (inner.is_string() && name == "description" && speaks_of_secret(inner.string())) return true;
    if ((inner.is_object() || inner.is_array()) &&
        (names_secret(key) || form_asks_for_secret(inner))) {
      return true;
    }
  }
  return false;
}

bool has_free_text(json::View schema) {
  for (auto [name, field] : schema["properties"].members()) {
    if (field.text("type") == "string" && !field["enum"].exists() && !field["oneOf"].exists()) {
      return true;
    }
  }
  return false;
}

bool is_address(std::string_view method, json::View params) {
  return method == "elicitation/create" && params["mode"].exists() && params.text("mode") != "form";
}

// What a person is shown says who asks, whatever the server calls itself in it.
std::string with_name(std::string_view server, json::View params) {
  std::string message =
      server.empty() ? "the tool server" : "tool server `" + escape_untrusted(server) + "`";
  message += " asks: " + escape_untrusted(params.text("message").value_or(""), Newlines::keep);
  json::Writer out;
  out.object();
  for (auto [key, value] : params.members()) {
    if (key != "message") out.key(key).value(value);
  }
  out.key("message").string(message).end();
  return out.take();
}

// What the person did with an address.
std::string action_in(std::string_view answer) {
  const auto document = json::parse(answer);
  return std::string(document ? document->root().text("action").value_or("cancel") : "cancel");
}

// The answer to an address carries nothing but that.
std::string action_alone(std::string_view action) {
  json::Writer out;
  out.object().key("action").string(action).end();
  return out.take();
}

// A server waits for a person as long as its own client would; its patience is not extended.
class ServerCaller final : public Caller {
 public:
  explicit ServerCaller(std::shared_ptr<Session::Impl> session)
      : session_(std::move(session)), incarnation_(session_->restart.incarnation) {}
  Duration patience(Duration within) const override {
    return std::min(within, Duration::seconds(45));
  }
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override {
    return session_->server_gone || session_->restart.incarnation != incarnation_;
  }

 private:
  std::shared_ptr<Session::Impl> session_;
  std::uint64_t incarnation_;
};

// What is asked, of whom, and in which call.
struct ServerQuestion {
  std::shared_ptr<Session::Impl> session;
  PendingPtr about;
  std::string server_id, method, params;
  std::string name;  // that a stateless server gave to the question
};

// The client as the side that has the effect: it runs the model, or opens an address.
class ClientUpstream final : public Upstream {
 public:
  explicit ClientUpstream(const ServerQuestion& asked) : asked_(asked) {}

  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    const auto decided = json::parse(arguments);
    const bool address = decided && asked_.method == "elicitation/create";
    std::string shown = address ? with_name(asked_.session->spec.server, decided->root()["request"])
                                : std::string(arguments);
    const std::string own(address ? decided->root()["request"].text("elicitationId").value_or("")
                                  : "");
    std::set<std::string>& open = asked_.session->elicitation.addresses_shown;
    const bool heard = !own.empty() && own.size() <= elicitation_id_bytes_max;
    if (heard && open.size() < addresses_shown_max) open.insert(own);
    Answer answer = co_await asked_.session->elicitation.ask(
        asked_.about, asked_.method, std::move(shown), asked_.server_id, asked_.name);
    const bool answered = address && answer.kind == Answer::Kind::result;
    const std::string action = answered ? action_in(answer.text) : std::string();
    if (answered) answer.text = action_alone(action);
    // What the person did not open has no end to hear of.
    if (action != "accept") open.erase(own);
    switch (answer.kind) {
      case Answer::Kind::result:
        co_return Outcome{Outcome::Kind::result, std::move(answer.text), {}};
      case Answer::Kind::error:
        co_return Outcome{Outcome::Kind::error, std::move(answer.text), {}};
      case Answer::Kind::lost:
        break;
    }
    co_return Outcome{Outcome::Kind::lost, {}, answer.text};
  }
  void cancel() override {}

 private:
  const ServerQuestion& asked_;
};

// Where the arguments of a call that decides about an answer have the answer.
constexpr std::string_view kAnswerMember = "answer";

// The server as the side that receives an answer that has been decided.
class AnswerUpstream final : public Upstream {
 public:
  explicit AnswerUpstream(PassAnswer pass) : pass_(std::move(pass)) {}

  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    for (const Slice& slice : top_level(arguments)) {
      if (slice.key == kAnswerMember && pass_(slice.value)) {
        passed_ = true;
        co_return Outcome{Outcome::Kind::result, "{}", {}};
      }
    }
    co_return Outcome{Outcome::Kind::lost, {}, "the tool server ended"};
  }
  void cancel() override {}
  bool passed() const { return passed_; }

 private:
  PassAnswer pass_;
  bool passed_ = false;
};

Proposal proposal_for(const SessionSpec& spec, std::string_view tool, json::View arguments) {
  Proposal proposal;
  proposal.run = spec.run;
  proposal.sub_run = spec.part;
  proposal.call = Call{spec.server, tool, arguments};
  return proposal;
}

Answer refusal() {
  return {Answer::Kind::error, error_object(refused_by_policy, "refused")};
}

Task<Answer> decide_before(const ServerQuestion& asked, const PassAnswer& pass) {
  const auto document = json::parse(asked.params);
  if (!document) {
    co_return Answer{Answer::Kind::error, error_object(invalid_request, document.error().message)};
  }
  const std::string tool = "mcp:" + asked.method;
  ClientUpstream upstream(asked);
  ServerCaller caller(asked.session);
  const Settled settled = co_await asked.session->gate.calls.handle(
      proposal_for(asked.session->spec, tool, document->root()), upstream, caller);
  if (settled.kind == Settled::Kind::error) co_return Answer{Answer::Kind::error, settled.text};
  if (settled.kind != Settled::Kind::result || !pass(settled.text)) co_return refusal();
  co_return Answer{Answer::Kind::result, {}};
}

Task<Answer> decide_answer(const ServerQuestion& asked, const PassAnswer& pass) {
  const auto question = json::parse(asked.params);
  if (!question) co_return refusal();
  std::string shown;
  if (asked.method == "elicitation/create") {
    shown = with_name(asked.session->spec.server, question->root());
  }
  Answer answer = co_await asked.session->elicitation.ask(
      asked.about, asked.method, std::move(shown), asked.server_id, asked.name);
  if (answer.kind == Answer::Kind::error) co_return answer;
  const auto document = json::parse(
      fmt::format(R"({{"{}":{},"request":{}}})", kAnswerMember, answer.text, asked.params));
  if (answer.kind == Answer::Kind::lost || !document) {
    co_return Answer{Answer::Kind::error, error_object(invalid_request, "there is no answer")};
  }
  const std::string tool = "mcp:" + asked.method;
  AnswerUpstream upstream(pass);
  ServerCaller caller(asked.session);
  (void)co_await asked.session->gate.calls.handle(
      proposal_for(asked.session->spec, tool, document->root()), upstream, caller);
  co_return upstream.passed() ? Answer{Answer::Kind::result, {}} : refusal();
}

}  // namespace

bool asks_for_secret(json::View params) {
  const json::View form = params["requestedSchema"];
  return form_asks_for_secret(form) ||
         (has_free_text(form) && speaks_of_secret(params.text("message").value_or("")));
}

namespace {

// A name that a server may give to its question: plain, and not as long as a text.
bool plain_name(std::string_view name) {
  constexpr std::size_t bytes_max = 64;
  return !name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

// What a stateless client knows the question by: the server's own name for it, where it has a plain
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

// A client hears the end of what it was shown, in its own session, and once.
void Elicitation::on_elicitation_complete(json::View params) {
  const auto id = params.text("elicitationId");
  if (!id || addresses_shown.erase(std::string(*id)) == 0) {
    session_.server.note_first("notification dropped",
                               "the server told of the end of what this client was not shown");
    return;
  }
  if (session_.client.era == Era::stateless || session_.server.scoped()) return;
  if (!granted(session_.shown(), "mcp:elicitation/create")) return;
  json::Writer told;
  told.object().key("elicitationId").string(*id).end();
  session_.to_client(notification_line("notifications/elicitation/complete", told.text()));
}

Task<Answer> Elicitation::decide(PendingPtr about, std::string server_id, std::string method,
                                 std::string params, PassAnswer pass, std::string name) {
  ServerQuestion asked{session_.shared_from_this(),
                       std::move(about),
                       std::move(server_id),
                       std::move(method),
                       {},
                       std::move(name)};
  const auto received = json::parse(params);
  if (!received) {
    const std::string& why_not = received.error().message;
    (void)session_.gate.alerts.note(session_.spec.run, "server request refused",
                                    fmt::format("{}: {}", asked.method, why_not));
    co_return Answer{Answer::Kind::error, error_object(invalid_request, why_not)};
  }
  const bool address = is_address(asked.method, received->root());
  // From here on there is only what is judged: the same is decided on, recorded and shown.
  params = filter_question(asked.method, received->root());
  asked.params = address ? R"({"request":)" + params + "}" : std::move(params);
  if (address || server_request(asked.method) == ServerAsks::decide_before) {
    co_return co_await decide_before(asked, pass);
  }
  co_return co_await decide_answer(asked, pass);
}

Task<void> Elicitation::handle_request(PendingPtr about, std::string id, std::string method,
                                       std::shared_ptr<json::Document> document,
                                       json::View params) {
  std::string text = params.exists() ? without_meta(params) : "{}";
  document.reset();
  const auto self = session_.shared_from_this();
  // One that was started in its place asked nothing.
  const auto asker = session_.restart.incarnation;
  const PassAnswer pass = [self, id, asker](std::string_view answer) {
    return self->restart.incarnation == asker && self->to_server(result_line(id, answer));
  };
  const Answer told =
      co_await decide(std::move(about), id, std::move(method), std::move(text), pass);
  if (told.kind != Answer::Kind::result && session_.restart.incarnation == asker) {
    session_.to_server(raw_error_line(id, told.text));
  }
}

bool Elicitation::exceeds_scope(std::string_view method) const {
  return method != "roots/list" && session_.server.scoped();
}

bool Elicitation::may_ask(std::string_view method, json::View params, const Offers& offered) const {
  return offered.cover(method, params) && granted(session_.shown(), "mcp:" + std::string(method)) &&
         !asks_for_secret(params) && !exceeds_scope(method);
}

PendingPtr Elicitation::call_of(json::View params) const {
  if (const auto task = params["_meta"][meta_related_task].text("taskId")) {
    for (const auto& [id, entry] : session_.calls.in_flight) {
      if (entry->server_task == *task) return entry;
    }
    return nullptr;
  }
  if (const auto request = session_.transports.server->belongs_to()) {
    std::uint64_t id = 0;
    const auto [end, error] =
        std::from_chars(request->data(), request->data() + request->size(), id);
    const auto found =
        error == std::errc{} ? session_.calls.in_flight.find(id) : session_.calls.in_flight.end();
    return found == session_.calls.in_flight.end() ? nullptr : found->second;
  }
  return only_possible_call();
}

// Which call a question belongs to of which nothing says so. A call whose question waits for its
// client asks nothing meanwhile, or asks it together with the first; so one that no client comes
// back for keeps none of the others from being asked.
PendingPtr Elicitation::only_possible_call() const {
  PendingPtr working, waiting, asked_now;
  bool several = false, several_wait = false, several_now = false;
  // One call may have several requests open: those about its task.
  const auto take = [](PendingPtr& only, bool& more, const PendingPtr& entry) {
    more = more || (only && only != entry);
    only = entry;
  };
  for (const auto& [id, entry] : session_.calls.in_flight) {
    if (!session_.transports.server->may_belong_to(std::to_string(id))) continue;
    if (!entry->parked && !waits_for_client(*entry)) {
      take(working, several, entry);
      continue;
    }
    take(waiting, several_wait, entry);
    const bool now = session_.loop.now().ns - entry->asked_at.ns < questions_of_one_call_within.ns;
    if (now) take(asked_now, several_now, entry);
  }
  if (working) return several ? nullptr : working;
  if (!several_wait) return waiting;
  return several_now ? nullptr : asked_now;
}

bool Elicitation::can_ask_in(Pending& about, std::string_view method, json::View params) const {
  if (about.gone || about.cancelled) return false;
  if (!about.stateless) return true;
  if (!about.offers.cover(method, params)) {
    about.lacks = capability_for(method, params);
    return false;
  }
  return about.round < continuations_of_a_call_max &&
         about.questions.size() < questions_of_a_call_max;
}

Task<Answer> Elicitation::ask(PendingPtr about, std::string method, std::string params,
                              const std::string& server_id, const std::string& name) {
  if (session_.client.era != Era::stateless) {
    asking_in = about ? about->id : std::string();
    auto ticket = session_.client_requests->send(method, params);
    asking_in.clear();
    if (!server_id.empty()) asked_client[server_id] = ticket.id;
    // So that it can be withdrawn with its call. A server of the stateful era may want the answer
    // though the call is over, and takes its question back by itself.
    const bool of_call = about && server_id.empty();
    const std::string key = std::to_string(ticket.id);
    if (of_call) about->questions.push_back({key, server_id, method, {}, ticket.answer, true});
    Answer answer = co_await ticket.answer;
    asked_client.erase(server_id);
    if (of_call) std::erase_if(about->questions, [&](const Question& q) { return q.key == key; });
    co_return answer;
  }
  if (!about || about->gone || about->cancelled || about->round >= continuations_of_a_call_max) {
    co_return Answer{Answer::Kind::lost, "the client cannot be asked"};
  }
  Question question;
  question.key = key_for(*about, name);
  question.server_id = server_id;
  question.method = std::move(method);
  question.params = std::move(params);
  Completion<Answer> answered = question.answer;
  about->questions.push_back(std::move(question));
  about->asked_at = session_.loop.now();
  if (!server_id.empty()) asked_client[server_id] = 0;
  if (!about->gathering.pending()) {
    const std::weak_ptr<Session::Impl> self = session_.weak_from_this();
    const std::weak_ptr<Pending> open = about;
    about->gathering = session_.loop.after(questions_gathered_within, [self, open] {
      const auto session = self.lock();
      const auto entry = open.lock();
      if (session && entry) session->continuations.send_questions(entry);
    });
  }
  Answer answer = co_await answered;
  asked_client.erase(server_id);
  co_return answer;
}

void Elicitation::withdraw_all(Pending& entry, const std::string& why_not) {
  for (Question& question : std::exchange(entry.questions, {})) {
    if (session_.client.era != Era::stateless) {
      session_.to_client(notification_line("notifications/cancelled",
                                           fmt::format(R"({{"requestId":{}}})", question.key)));
    }
    question.answer.deliver({Answer::Kind::lost, why_not});
  }
}

void Elicitation::withdraw(const std::string& server_id) {
  for (const auto& [id, entry] : session_.calls.in_flight) {
    const auto found = std::ranges::find(entry->questions, server_id, &Question::server_id);
    if (found == entry->questions.end()) continue;
    Completion<Answer> waiting = found->answer;
    entry->questions.erase(found);
    waiting.deliver({Answer::Kind::lost, "the server does not want to know any more"});
    return;
  }
}

void Elicitation::on_server_ended() {
  addresses_shown.clear();
  // Questions of a stateless client went with their calls.
  for (const auto& [theirs, ours] : std::exchange(asked_client, {})) {
    if (ours == 0) continue;
    session_.to_client(
        notification_line("notifications/cancelled", fmt::format(R"({{"requestId":{}}})", ours)));
    (void)session_.client_requests->deliver(std::to_string(ours),
                                            {Answer::Kind::lost, "the server ended"});
  }
}

}  // namespace pawl::mcp
