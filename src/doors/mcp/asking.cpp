#include "doors/mcp/asking.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/message.h"
#include "doors/mcp/methods.h"
#include "doors/mcp/reply.h"
#include "doors/mcp/room.h"
#include "kernel/definition/secret_names.h"

namespace pawl::mcp {
namespace {

// Somewhere in a form: the name of a field, its title or its description.
bool form_asks_for_secret(json::View schema) {
  for (json::View element : schema.elements()) {
    if (form_asks_for_secret(element)) return true;
  }
  for (auto [name, inner] : schema.members()) {
    if (inner.is_string() && name == "title" && names_secret(inner.string())) return true;
    if (inner.is_string() && name == "description" && speaks_of_secret(inner.string())) return true;
    if ((inner.is_object() || inner.is_array()) &&
        (names_secret(name) || form_asks_for_secret(inner))) {
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
      server.empty() ? "the tool server" : "tool server `" + visible(server) + "`";
  message += " asks: " + visible(params.text("message").value_or(""), Newlines::keep);
  json::Writer out;
  out.object();
  for (auto [key, value] : params.members()) {
    if (key != "message" && key != "_meta") out.key(key).value(value);
  }
  out.key("message").string(message).end();
  return out.take();
}

// The answer to an address carries nothing but what the person did.
std::string action_alone(std::string_view answer) {
  const auto document = json::parse(answer);
  json::Writer out;
  out.object().key("action");
  out.string(document ? document->root().text("action").value_or("cancel") : "cancel").end();
  return out.take();
}

// A server waits for a person as long as its own client would; nobody is kept patient.
class ServerAsking final : public Caller {
 public:
  explicit ServerAsking(std::shared_ptr<Session::Room> room) : room_(std::move(room)) {}
  Duration patience(Duration within) const override {
    return std::min(within, Duration::seconds(45));
  }
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override { return room_->server_gone; }

 private:
  std::shared_ptr<Session::Room> room_;
};

// The client as the side that has the effect: it runs the model, or opens an address.
class AskClient final : public Upstream {
 public:
  AskClient(std::shared_ptr<Session::Room> room, std::string server_id, std::string method)
      : room_(std::move(room)), server_id_(std::move(server_id)), method_(std::move(method)) {}

  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    const auto decided = json::parse(arguments);
    const bool address = decided && method_ == "elicitation/create";
    const std::string shown = address ? with_name(room_->spec.server, decided->root()["request"])
                                      : std::string(arguments);
    auto ticket = room_->at_client->send(method_, shown);
    room_->asked_client[server_id_] = ticket.id;
    Answer answer = co_await ticket.answer;
    room_->asked_client.erase(server_id_);
    switch (answer.kind) {
      case Answer::Kind::result:
        if (address) answer.text = action_alone(answer.text);
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
  std::shared_ptr<Session::Room> room_;
  std::string server_id_, method_;
};

// The server as the side that receives an answer that has been decided.
class PassAnswer final : public Upstream {
 public:
  PassAnswer(std::shared_ptr<Session::Room> room, std::string server_id)
      : room_(std::move(room)), server_id_(std::move(server_id)) {}

  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    for (const Slice& slice : top_level(arguments)) {
      if (slice.key == "answer" && room_->to_server(result_line(server_id_, slice.value))) {
        passed_ = true;
        co_return Outcome{Outcome::Kind::result, "{}", {}};
      }
    }
    co_return Outcome{Outcome::Kind::lost, {}, "the tool server ended"};
  }
  void cancel() override {}
  bool passed() const { return passed_; }

 private:
  std::shared_ptr<Session::Room> room_;
  std::string server_id_;
  bool passed_ = false;
};

Proposal proposal_for(const SessionSpec& spec, std::string_view tool, json::View arguments) {
  Proposal proposal;
  proposal.run = spec.run;
  proposal.call = Call{spec.server, tool, arguments};
  return proposal;
}

Task<void> decide_before(std::shared_ptr<Session::Room> room, std::string id, std::string method,
                         std::string params) {
  const auto document = json::parse(params);
  if (!document) {
    room->to_server(error_line(id, invalid_request, document.error().message));
    co_return;
  }
  const std::string tool = "mcp:" + method;
  AskClient upstream(room, id, method);
  ServerAsking caller(room);
  const Settled settled = co_await room->gate.handle(
      proposal_for(room->spec, tool, document->root()), upstream, caller);
  if (settled.kind == Settled::Kind::result) {
    room->to_server(result_line(id, settled.text));
  } else if (settled.kind == Settled::Kind::error) {
    room->to_server(raw_error_line(id, settled.text));
  } else {
    room->to_server(error_line(id, refused_by_policy, "refused"));
  }
}

Task<void> decide_answer(std::shared_ptr<Session::Room> room, std::string id, std::string method,
                         std::string params) {
  std::string shown = params == "{}" ? std::string() : params;
  if (method == "elicitation/create") {
    const auto asked = json::parse(params);
    if (asked) shown = with_name(room->spec.server, asked->root());
  }
  auto ticket = room->at_client->send(method, shown);
  room->asked_client[id] = ticket.id;
  const Answer answer = co_await ticket.answer;
  room->asked_client.erase(id);
  if (answer.kind == Answer::Kind::error) {
    room->to_server(raw_error_line(id, answer.text));
    co_return;
  }
  const auto document =
      json::parse(fmt::format(R"({{"answer":{},"request":{}}})", answer.text, params));
  if (answer.kind == Answer::Kind::lost || !document) {
    room->to_server(error_line(id, invalid_request, "there is no answer"));
    co_return;
  }
  const std::string tool = "mcp:" + method;
  PassAnswer upstream(room, id);
  ServerAsking caller(room);
  (void)co_await room->gate.handle(proposal_for(room->spec, tool, document->root()), upstream,
                                   caller);
  if (!upstream.passed()) room->to_server(error_line(id, refused_by_policy, "refused"));
}

}  // namespace

bool asks_for_secret(json::View params) {
  const json::View form = params["requestedSchema"];
  return form_asks_for_secret(form) ||
         (has_free_text(form) && speaks_of_secret(params.text("message").value_or("")));
}

Task<void> Session::Room::ask_client(std::string id, std::string method,
                                     std::shared_ptr<json::Document> document, json::View params) {
  std::string text = params.exists() ? without_meta(params) : "{}";
  const bool address = is_address(method, params);
  if (address) text = R"({"request":)" + text + "}";
  document.reset();
  const auto self = shared_from_this();
  if (address || server_request(method) == ServerAsks::decide_before) {
    co_await decide_before(self, std::move(id), std::move(method), text);
  } else {
    co_await decide_answer(self, std::move(id), std::move(method), text);
  }
}

}  // namespace pawl::mcp
