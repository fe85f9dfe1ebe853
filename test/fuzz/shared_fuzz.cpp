// One process of a server for several sessions: whatever the process says, and whatever sessions
// send to it, nothing of one session reaches another.
//
// The input is lines. The first character says what happens, the second which session it is about:
//   1 2 3 text   that session sends the text        s text   the process says the text
//   i N  opens it    c N  calls, with a mark that no party can guess    u N  subscribes    x N
//   cancels a    the process answers its oldest request with the mark that it was given there g …
//   tells of its progress, with that mark      h        … of itself p N  is paused   r N  goes on
//   q N  leaves     e N  comes    d  the process ends
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/transport/shared_server.h"
#include "fuzz/must.h"
#include "io/net/loop.h"

namespace {

using namespace pawl;       // NOLINT: a program of one page
using namespace pawl::mcp;  // NOLINT
using fuzz::must;

constexpr std::size_t shared_bytes_max = 1UL << 13;
constexpr std::size_t sessions_many = 3;
constexpr std::string_view mark_begins = "mark-";

json::Parser parser;

// What the process was sent, and its end of the transport.
struct Process {
  struct Request {
    std::string id, mark, token;
  };
  TransportEvents events;
  std::deque<Request> open;
  std::set<std::uint64_t> ids;
  bool ended = false;

  void got(std::string_view line);
};

// Requests that reach it have ids of their own, and name no session.
void Process::got(std::string_view line) {
  json::Document document;
  const auto message = read_message(line, Side::client, parser, document);
  must(message.has_value(), "the process gets what is not a message");
  if (message->kind == MessageKind::notification) {
    const bool cancels = message->method == "notifications/cancelled";
    must(cancels || message->method == "notifications/initialized", "a notice of one session");
    if (!cancels) return;
    const json::View id = message->params["requestId"];
    must(id.is_integer() && ids.contains(id.natural()), "what no session asked is cancelled");
    return;
  }
  if (message->kind != MessageKind::request) return;
  must(message->method != "logging/setLevel", "one session sets the level of all");
  const json::View id = document.root()["id"];
  must(id.is_integer() && ids.insert(id.natural()).second, "an id stands for two requests");
  const json::View token = message->params["_meta"]["progressToken"];
  must(!token.exists() || token.natural() == id.natural(), "a token of a session");
  if (message->method == "initialize") {
    const json::View params = message->params;
    must(params["clientInfo"].text("name") == "pawl" && params["capabilities"].size() == 0,
         "it is opened in the name of a session");
  }
  open.push_back({std::string(message->id),
                  std::string(message->params["arguments"].text("mark").value_or("")),
                  token.exists() ? json::write(token) : std::string()});
}

class ToProcess final : public Transport {
 public:
  explicit ToProcess(std::shared_ptr<Process> process) : process_(std::move(process)) {}
  void open(TransportEvents events) override { process_->events = std::move(events); }
  bool send(std::string message, std::string_view) override {
    process_->got(message);
    return true;
  }
  void pause() override {}
  void resume() override {}
  Task<bool> drained() override { co_return true; }
  void finish_sending() override {}
  void stop_hearing() override { process_->events = {}; }

 private:
  std::shared_ptr<Process> process_;
};

std::string_view script;  // the whole input: a mark that it contains proves nothing

struct Visitor {
  std::unique_ptr<Transport> transport;
  std::string marks;                         // that it sent, one after the other
  std::map<std::string, std::size_t> asked;  // by raw id: how often
  std::set<std::string> tokens;
  std::string last;  // the raw id of its last call
  std::uint64_t calls = 0;
  bool ended = false;

  void send(const std::string& text);
  void heard(std::string_view line);
  void heard_unreadable(std::string_view line);
};

void Visitor::send(const std::string& text) {
  if (!transport) return;
  json::Document document;
  const auto message = read_message(text, Side::server, parser, document);
  if (message && message->kind == MessageKind::request) {
    ++asked[std::string(message->id)];
    const json::View token = message->params["_meta"]["progressToken"];
    if (token.exists()) tokens.insert(json::write(token));
  }
  (void)transport->send(text, {});
}

// An answer that cannot be read is handed to the session whose request it names, which ends it.
void Visitor::heard_unreadable(std::string_view line) {
  const MeantFor meant = meant_for(line);
  must(meant.answer && meant.ids.size() == 1, "a session hears what is not a message");
  const auto found = asked.find(std::string(meant.ids.front()));
  must(found != asked.end() && found->second > 0, "an answer to what this session did not ask");
  --found->second;
}

void Visitor::heard(std::string_view line) {
  must(!ended, "a session hears a server that has ended");
  for (std::size_t at = line.find(mark_begins); at != line.npos;
       at = line.find(mark_begins, at + 1)) {
    const std::string_view mark = line.substr(at, mark_begins.size() + 64);
    must(mark.size() < mark_begins.size() + 64 || marks.contains(mark) || script.contains(mark) ||
             mark.find_first_not_of("0123456789abcdef", mark_begins.size()) != mark.npos,
         "a session hears what is another one's");
  }
  json::Document document;
  const auto message = read_message(line, Side::server, parser, document);
  if (!message) return heard_unreadable(line);
  must(message->kind != MessageKind::request, "a question of no session reaches a session");
  if (message->kind == MessageKind::notification) {
    must(message->method != "notifications/message", "the log of all reaches a session");
    if (message->method != "notifications/progress") return;
    const json::View token = message->params["progressToken"];
    must(tokens.contains(json::write(token)), "progress of what another session asked");
    return;
  }
  const auto found = asked.find(std::string(message->id));
  must(found != asked.end() && found->second > 0, "an answer to what this session did not ask");
  --found->second;
}

net::Loop& loop() {
  static net::Loop one;
  return one;
}

struct House {
  House() {
    server = std::make_shared<SharedServer>(
        loop(), Program{std::make_unique<ToProcess>(process), nullptr}, [](const std::string&) {});
    for (Visitor& visitor : visitors) enter(visitor);
  }
  ~House() {
    for (Visitor& visitor : visitors) visitor.transport.reset();
    server.reset();
    turn();
  }

  void enter(Visitor& visitor) {
    if (visitor.transport) return;
    auto transport = SharedServer::attach(server);
    if (!transport) return;
    // What it was sent before, it may hear of again; what it had asked, it has not asked now.
    std::string marks = std::move(visitor.marks);
    visitor = Visitor();
    visitor.marks = std::move(marks);
    visitor.transport = *std::move(transport);
    visitor.transport->open({.message = [&visitor](std::string_view line) { visitor.heard(line); },
                             .too_long = {},
                             .crowded = {},
                             .ended =
                                 [&visitor] {
                                   must(!visitor.ended, "an end is told twice");
                                   visitor.ended = true;
                                 },
                             .failed = {}});
  }
  static void turn() {
    bool done = false;
    loop().post([&done] { done = true; });
    loop().run_until([&done] { return done; });
  }
  void says(std::string_view text) {
    if (process->events.message) process->events.message(text);
  }
  void call(std::size_t n) {
    Visitor& one = visitors[n];
    // The same ids and tokens in all sessions.
    one.last = std::to_string(++one.calls);
    const std::string mark =
        std::string(mark_begins) + hex(sha256({"shared", std::to_string(n), "/", one.last}));
    one.marks += mark + "\n";
    one.send(R"({"jsonrpc":"2.0","id":)" + one.last +
             R"(,"method":"tools/call","params":{"_meta":)" + R"({"progressToken":)" + one.last +
             R"(},"arguments":{"mark":")" + mark + R"("},"name":"x"}})");
  }
  void honest(char what);
  void moves(std::string_view line);

  std::shared_ptr<Process> process = std::make_shared<Process>();
  std::shared_ptr<SharedServer> server;
  std::array<Visitor, sessions_many> visitors;
};

// What an honest process says to its oldest request.
void House::honest(char what) {
  if (process->open.empty()) return;
  const Process::Request asked = process->open.front();
  const std::string answer = R"({"jsonrpc":"2.0","id":)" + asked.id + R"(,"result":)";
  if (what == 'g') {
    if (asked.token.empty()) return;
    return says(R"({"jsonrpc":"2.0","method":"notifications/progress","params":)"
                R"({"progressToken":)" +
                asked.token + R"(,"progress":1,"message":")" + asked.mark + R"("}})");
  }
  process->open.pop_front();
  if (what == 'a') return says(answer + R"({"content":[")" + asked.mark + R"("]}})");
  says(answer + R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}}}})");
}

void House::moves(std::string_view line) {
  if (line.empty()) return;
  const char what = line[0];
  const std::size_t n = line.size() > 1 ? static_cast<unsigned char>(line[1]) % sessions_many : 0;
  Visitor& one = visitors[n];
  const std::string text(line.substr(1));
  switch (what) {
    case '1':
    case '2':
    case '3':
      return visitors[static_cast<std::size_t>(what - '1')].send(text);
    case 's':
      return says(text);
    case 'i':
      return one.send(R"({"jsonrpc":"2.0","id":"hello","method":"initialize","params":{}})");
    case 'u':
      return one.send(R"({"jsonrpc":"2.0","id":"sub","method":"resources/subscribe",)"
                      R"("params":{"uri":"x://y"}})");
    case 'c':
      return call(n);
    case 'x':
      return one.send(
          R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
          (one.last.empty() ? "1" : one.last) + "}}");
    case 'a':
    case 'g':
    case 'h':
      return honest(what);
    case 'p':
      if (one.transport) one.transport->pause();
      return;
    case 'r':
      if (one.transport) one.transport->resume();
      return;
    case 'q':
      one.transport.reset();
      return;
    case 'e':
      return enter(one);
    case 'd':
      if (std::exchange(process->ended, true) || !process->events.ended) return;
      return process->events.ended();
    default:
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > shared_bytes_max) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  script = text;
  House house;
  for (const std::string_view line : split(text, '\n')) {
    house.moves(line);
    House::turn();
  }
  if (!house.process->ended) return 0;
  // A session that does not listen hears it when it listens again.
  for (const Visitor& one : house.visitors) {
    if (one.transport) one.transport->resume();
  }
  House::turn();
  for (const Visitor& one : house.visitors) {
    must(!one.transport || one.ended, "the process has ended, and a session does not know");
  }
  return 0;
}
