#include "doors/mcp/session/server_requests.h"

#include <algorithm>
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

// A server waits for a person as long as its own client would; nobody is kept patient.
class ServerAsking final : public Caller {
 public:
  explicit ServerAsking(std::shared_ptr<Session::Impl> room)
      : room_(std::move(room)), incarnation_(room_->incarnation) {}
  Duration patience(Duration within) const override {
    return std::min(within, Duration::seconds(45));
  }
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override { return room_->server_gone || room_->incarnation != incarnation_; }

 private:
  std::shared_ptr<Session::Impl> room_;
  std::uint64_t incarnation_;
};

// What is asked, of whom, and in which call.
struct Asked {
  std::shared_ptr<Session::Impl> room;
  PendingPtr about;
  std::string server_id, method, params;
  std::string name;  // that a modern server gave to the question
};

// The client as the side that has the effect: it runs the model, or opens an address.
class AskClient final : public Upstream {
 public:
  explicit AskClient(const Asked& asked) : asked_(asked) {}

  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    const auto decided = json::parse(arguments);
    const bool address = decided && asked_.method == "elicitation/create";
    std::string shown = address ? with_name(asked_.room->spec.server, decided->root()["request"])
                                : std::string(arguments);
    const std::string own(address ? decided->root()["request"].text("elicitationId").value_or("")
                                  : "");
    std::set<std::string>& open = asked_.room->addresses_shown;
    const bool heard = !own.empty() && own.size() <= elicitation_id_bytes_max;
    if (heard && open.size() < addresses_shown_max) open.insert(own);
    Answer answer = co_await asked_.room->ask(asked_.about, asked_.method, std::move(shown),
                                              asked_.server_id, asked_.name);
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
  const Asked& asked_;
};

// The server as the side that receives an answer that has been decided.
class GiveAnswer final : public Upstream {
 public:
  explicit GiveAnswer(PassAnswer pass) : pass_(std::move(pass)) {}

  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    for (const Slice& slice : top_level(arguments)) {
      if (slice.key == "answer" && pass_(slice.value)) {
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
  proposal.part = spec.part;
  proposal.call = Call{spec.server, tool, arguments};
  return proposal;
}

Answer refusal() {
  return {Answer::Kind::error, error_object(refused_by_policy, "refused")};
}

Task<Answer> decide_before(const Asked& asked, const PassAnswer& pass) {
  const auto document = json::parse(asked.params);
  if (!document) {
    co_return Answer{Answer::Kind::error, error_object(invalid_request, document.error().message)};
  }
  const std::string tool = "mcp:" + asked.method;
  AskClient upstream(asked);
  ServerAsking caller(asked.room);
  const Settled settled = co_await asked.room->gate.handle(
      proposal_for(asked.room->spec, tool, document->root()), upstream, caller);
  if (settled.kind == Settled::Kind::error) co_return Answer{Answer::Kind::error, settled.text};
  if (settled.kind != Settled::Kind::result || !pass(settled.text)) co_return refusal();
  co_return Answer{Answer::Kind::result, {}};
}

Task<Answer> decide_answer(const Asked& asked, const PassAnswer& pass) {
  const auto question = json::parse(asked.params);
  if (!question) co_return refusal();
  std::string shown;
  if (asked.method == "elicitation/create") {
    shown = with_name(asked.room->spec.server, question->root());
  }
  Answer answer = co_await asked.room->ask(asked.about, asked.method, std::move(shown),
                                           asked.server_id, asked.name);
  if (answer.kind == Answer::Kind::error) co_return answer;
  const auto document =
      json::parse(fmt::format(R"({{"answer":{},"request":{}}})", answer.text, asked.params));
  if (answer.kind == Answer::Kind::lost || !document) {
    co_return Answer{Answer::Kind::error, error_object(invalid_request, "there is no answer")};
  }
  const std::string tool = "mcp:" + asked.method;
  GiveAnswer upstream(pass);
  ServerAsking caller(asked.room);
  (void)co_await asked.room->gate.handle(proposal_for(asked.room->spec, tool, document->root()),
                                         upstream, caller);
  co_return upstream.passed() ? Answer{Answer::Kind::result, {}} : refusal();
}

}  // namespace

bool asks_for_secret(json::View params) {
  const json::View form = params["requestedSchema"];
  return form_asks_for_secret(form) ||
         (has_free_text(form) && speaks_of_secret(params.text("message").value_or("")));
}

Task<Answer> Session::Impl::decide_question(PendingPtr about, std::string server_id,
                                            std::string method, std::string params, PassAnswer pass,
                                            std::string name) {
  Asked asked{shared_from_this(), std::move(about), std::move(server_id), std::move(method), {},
              std::move(name)};
  const auto received = json::parse(params);
  if (!received) {
    const std::string& why_not = received.error().message;
    (void)gate.note(spec.run, "server request refused",
                    fmt::format("{}: {}", asked.method, why_not));
    co_return Answer{Answer::Kind::error, error_object(invalid_request, why_not)};
  }
  const bool address = is_address(asked.method, received->root());
  // From here on there is only what is judged: the same is decided on, recorded and shown.
  params = question_said(asked.method, received->root());
  asked.params = address ? R"({"request":)" + params + "}" : std::move(params);
  if (address || server_request(asked.method) == ServerAsks::decide_before) {
    co_return co_await decide_before(asked, pass);
  }
  co_return co_await decide_answer(asked, pass);
}

Task<void> Session::Impl::ask_client(PendingPtr about, std::string id, std::string method,
                                     std::shared_ptr<json::Document> document, json::View params) {
  std::string text = params.exists() ? without_meta(params) : "{}";
  document.reset();
  const auto self = shared_from_this();
  // One that was started in its place asked nothing.
  const auto asker = incarnation;
  const PassAnswer pass = [self, id, asker](std::string_view answer) {
    return self->incarnation == asker && self->to_server(result_line(id, answer));
  };
  const Answer told =
      co_await decide_question(std::move(about), id, std::move(method), std::move(text), pass);
  if (told.kind != Answer::Kind::result && incarnation == asker) {
    to_server(raw_error_line(id, told.text));
  }
}

}  // namespace pawl::mcp
