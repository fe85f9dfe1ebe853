#include "fuzz/mcp_parties.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "doors/mcp/transport/pipes.h"
#include "fuzz/mcp_honest.h"
#include "fuzz/must.h"
#include "fuzz/virtual_time.h"

namespace pawl::fuzz {
namespace {

constexpr int turns_max = 10'000;

void write_all(const net::Fd& to, std::string_view bytes) {
  // A full pipe means that the session holds this side back; what does not fit is not said.
  if (to.open()) [[maybe_unused]]
    const ssize_t count = ::write(to.get(), bytes.data(), bytes.size());
}

std::string text_of(json::View value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

}  // namespace

Parties::Parties(Setting setting)
    : world_(policy_of(setting.scoped)),
      servers_(setting.several ? 2 : 1),
      script_(setting.script) {
  world_.start();
  const std::string run = world_.open();
  auto from_client = *net::make_pipe();
  auto to_client = *net::make_pipe();
  client_out_ = std::move(from_client.write);
  client_in_ = std::move(to_client.read);
  std::vector<mcp::UpstreamServer> upstreams;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    auto to_server = *net::make_pipe();
    auto from_server = *net::make_pipe();
    servers_[i].in = std::move(to_server.read);
    servers_[i].out = std::move(from_server.write);
    mcp::UpstreamServer server;
    server.spec.run = run;
    server.spec.policy = world_.gate->runs.policy_of(run);
    server.spec.call_deadline = Duration::seconds(120);
    if (setting.several) server.spec.server = i == 0 ? "a" : "b";
    server.transport =
        mcp::over_pipes(loop_, std::move(from_server.read), std::move(to_server.write));
    upstreams.push_back(std::move(server));
    ::fcntl(servers_[i].in.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(servers_[i].out.get(), F_SETFL, O_NONBLOCK);
  }
  ::fcntl(client_out_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(client_in_.get(), F_SETFL, O_NONBLOCK);
  session_ =
      *mcp::connect(loop_, *world_.gate,
                    mcp::over_pipes(loop_, std::move(from_client.read), std::move(to_client.write)),
                    std::move(upstreams), [this](const mcp::SessionEnd&) { ended_ = true; });
}

std::size_t Parties::server_of(std::uint64_t number) const {
  return number % servers_.size();
}

std::string Parties::tool_of(std::uint64_t number, std::size_t tool) const {
  const std::string_view name = tools[tool % tools.size()];
  if (servers_.size() == 1) return std::string(name);
  return fmt::format("{}/{}", server_of(number) == 0 ? "a" : "b", name);
}

bool Parties::ready(const net::Fd& fd) const {
  pollfd asked{.fd = fd.get(), .events = POLLIN, .revents = 0};
  return fd.open() && ::poll(&asked, 1, 0) > 0 && (asked.revents & POLLIN) != 0;
}

void Parties::drain(const net::Fd& from, std::string& rest,
                    const std::function<void(std::string_view)>& line) {
  std::array<char, 65536> buffer{};
  while (from.open()) {
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count <= 0) return;
    rest.append(buffer.data(), static_cast<std::size_t>(count));
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string::npos;) {
      const std::string one = rest.substr(0, end);
      rest.erase(0, end + 1);
      line(one);
    }
  }
}

void Parties::pump() {
  pollfd loop{.fd = loop_.descriptor(), .events = POLLIN, .revents = 0};
  for (int turn = 0;; ++turn) {
    must(turn < turns_max, "the session never comes to rest");
    loop_.turn();
    world_.settle();
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      drain(servers_[i].in, servers_[i].rest, [this, i](std::string_view l) { to_server(i, l); });
    }
    drain(client_in_, client_rest_, [this](std::string_view l) { to_client(l); });
    if (::poll(&loop, 1, 0) <= 0) return;
  }
}

void Parties::client_says(std::string_view bytes) {
  for (char c : bytes) client_lines_ += c == '\n' ? 1 : 0;
  opened_ = opened_ || bytes.contains("initialize");
  write_all(client_out_, bytes);
}

void Parties::server_says(std::string_view bytes, std::size_t server) {
  Server& from = servers_[server % servers_.size()];
  for (char c : bytes) from.lines += c == '\n' ? 1 : 0;
  write_all(from.out, bytes);
}

void Parties::hello() {
  client_says(message(R"("id":"hello","method":"initialize","params":{)"
                      R"("protocolVersion":"2025-11-25","clientInfo":{"name":"c","version":"1"},)"
                      R"("capabilities":{"roots":{},"sampling":{},"elicitation":{}}})"));
  client_says(message(R"("method":"notifications/initialized")"));
}

void Parties::call(std::size_t tool) {
  const std::uint64_t number = ++calls_;
  open_calls_.push_back(number);
  client_says(
      message(fmt::format(R"("id":"h{0}","method":"tools/call","params":{{"name":"{1}",)"
                          R"("arguments":{{"k":"{2}"}},"_meta":{{"progressToken":"p{0}"}}}})",
                          number, tool_of(number, tool), mark_of(number))));
}

// The same in the stateless revision; `more` are members of a retry.
void Parties::modern_call(std::uint64_t number, std::size_t tool, std::string_view more) {
  modern_calls_[fmt::format("h{}", number)] = {number, tool};
  client_says(message(fmt::format(
      R"("id":"h{0}","method":"tools/call","params":{{"name":"{1}","arguments":{{"k":"{2}"}},)"
      R"("_meta":{{"progressToken":"p{0}","io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{{"elicitation":{{}},"sampling":{{}},)"
      R"("roots":{{}}}}}}{3}}})",
      number, tool_of(number, tool), mark_of(number), more)));
}

void Parties::modern_call(std::size_t tool) {
  open_calls_.push_back(++calls_);
  modern_call(calls_, tool, {});
}

void Parties::come_back() {
  if (request_states_.empty()) return;
  const auto [id, more] = request_states_.back();
  request_states_.pop_back();
  const auto found = modern_calls_.find(id);
  if (found != modern_calls_.end()) modern_call(found->second.first, found->second.second, more);
}

void Parties::remember_leg(json::View root) {
  const json::View told = root["result"];
  // In a session of the older revisions these are members like any other.
  if (opened_ || told.text("resultType") != "input_required") return;
  std::string more = ",\"requestState\":";
  json::write_string(told.text("requestState").value_or(""), more);
  must(more.size() > 20, "a leg has no state");
  std::string answers;
  for (auto [key, request] : told["inputRequests"].members()) {
    answers += answers.empty() ? "" : ",";
    json::write_string(key, answers);
    answers += R"(:{"action":"accept","content":{"to":"x"}})";
  }
  if (!answers.empty()) more += fmt::format(R"(,"inputResponses":{{{}}})", answers);
  request_states_.emplace_back(text_of(root["id"]), std::move(more));
}

void Parties::cancel() {
  if (open_calls_.empty()) return;
  client_says(
      message(fmt::format(R"("method":"notifications/cancelled","params":{{"requestId":"h{}"}})",
                          open_calls_.front())));
  open_calls_.pop_front();
}

void Parties::answer(bool newest) {
  if (at_server_.empty()) return;
  const Request request = newest ? at_server_.back() : at_server_.front();
  newest ? at_server_.pop_back() : at_server_.pop_front();
  server_says(result(request.id, fmt::format(R"({{"content":[{{"type":"text",)"
                                             R"("text":"{{\"a\":\"{}\"}}"}}]}})",
                                             request.mark)),
              request.server);
}

void Parties::answer_with(std::string_view members) {
  if (at_server_.empty()) return;
  server_says(result(at_server_.front().id,
                     fmt::format(R"({{"content":[{{"type":"text","text":"{}"}}],{}}})",
                                 at_server_.front().mark, members)),
              at_server_.front().server);
  at_server_.pop_front();
}

void Parties::answer_with_error() {
  if (at_server_.empty()) return;
  server_says(message(fmt::format(R"("id":{},"error":{{"code":-1,"message":"{}"}})",
                                  at_server_.front().id, at_server_.front().mark)),
              at_server_.front().server);
  at_server_.pop_front();
}

void Parties::progress() {
  if (at_server_.empty() || at_server_.front().token.empty()) return;
  server_says(
      message(fmt::format(R"("method":"notifications/progress","params":{{)"
                          R"("progressToken":{},"progress":{},"message":"{}"}})",
                          at_server_.front().token, servers_[at_server_.front().server].lines,
                          at_server_.front().mark)),
      at_server_.front().server);
}

void Parties::approve(bool yes) {
  if (world_.questions.empty()) return;
  const Status done =
      yes ? world_.approve(world_.questions.back()) : world_.reject(world_.questions.back());
  if (done && yes) ++approved_;
  world_.questions.pop_back();
}

void Parties::kill(const std::string& tool) {
  if (world_.gate->kill_switch.kill("tool", tool, "eve", "drill")) session_->cancel_all();
}

void Parties::pass(Duration by) {
  let_pass(by);
  world_.advance(by);
}

void Parties::to_server(std::size_t server, std::string_view line) {
  const auto document = json::parse(line, {.duplicate_keys = json::DuplicateKeys::permit});
  must(document && document->root().is_object(), "the server was sent what is not a message");
  const json::View root = document->root();
  must(root.text("jsonrpc") == "2.0", "the server was sent what is not JSON-RPC");
  if (!root["method"].exists()) {
    must(++servers_[server].answers <= servers_[server].lines,
         "the server was given more answers than it asked");
    return;
  }
  if (root["id"].exists()) request_at_server(server, line, root);
}

void Parties::request_at_server(std::size_t server, std::string_view line, json::View root) {
  must(root["id"].is_integer(), "an id at the server is not ours");
  const std::uint64_t id = root["id"].natural();
  must(id > servers_[server].last_id, "an id at the server was used twice");
  servers_[server].last_id = id;
  Request request;
  request.server = server;
  request.id = std::to_string(id);
  request.method = text_of(root["method"]);
  const json::View params = root["params"];
  const json::View arguments = params["arguments"];
  const json::View token = params["_meta"]["progressToken"];
  if (token.exists()) {
    must(token.is_integer() && token.natural() == id, "a token at the server is not ours");
    request.token = request.id;
  }
  request.mark = text_of(arguments["k"]);
  for (std::uint64_t call = 1; call <= calls_; ++call) {
    must(request.mark != mark_of(call) || server_of(call) == server,
         "a call came to a server that it was not for");
  }
  if (request.method == "tools/call") {
    must(json::parse(line).has_value(), "a call was forwarded that can be read in two ways");
    request.tool = text_of(params["name"]);
    must(request.tool != "drop" && request.tool != "unlisted", "a tool without a grant was called");
    must(!arguments["n"].is_number() || arguments["n"].number() <= 10, "a bound was passed");
    must(request.mark.size() <= 64 * 4, "a length was passed");
    // What a modern server asked for belongs to the call that it asked in.
    const bool retry = params["requestState"].exists() || params["inputResponses"].exists();
    if (!retry) ++forwarded_[request.tool];
    if (request.tool == "mail") {
      must(forwarded_["mail"] <= approved_, "a held call was forwarded without an answer");
    }
  } else if (request.method != "initialize" && request.method != "server/discover" &&
             request.method != "subscriptions/listen" && !request.method.ends_with("/list")) {
    ++forwarded_["mcp:" + request.method];
  }
  answer_at_server(std::move(request));
}

// What an honest server answers by itself; what is left waits for the script.
void Parties::answer_at_server(Request request) {
  const std::size_t server = request.server;
  const std::string asked = by_hand_ ? std::string() : request.method;
  if (asked == (modern_server_ ? "initialize" : "server/discover")) {
    server_says(
        message(fmt::format(R"("id":{},"error":{{"code":-32601,"message":""}})", request.id)),
        server);
  } else if (asked == "server/discover") {
    server_says(result(request.id, R"({"supportedVersions":["2026-07-28"],)"
                                   R"("capabilities":{"tools":{}},"resultType":"complete"})"),
                server);
  } else if (asked == "initialize") {
    server_says(result(request.id, R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},)"
                                   R"("serverInfo":{"name":"s","version":"1"}})"),
                server);
  } else if (asked == "tools/list") {
    server_says(result(request.id, definitions()), server);
  } else {
    at_server_.push_back(std::move(request));
  }
}

void Parties::to_client(std::string_view line) {
  const auto document = json::parse(line, {.duplicate_keys = json::DuplicateKeys::permit});
  must(document && document->root().is_object(), "the client was sent what is not a message");
  const json::View root = document->root();
  must(root.text("jsonrpc") == "2.0", "the client was sent what is not JSON-RPC");
  if (!root["method"].exists()) {
    must(++client_answers_ <= client_lines_, "the client was given more answers than it asked");
    remember_leg(root);
  }
  check_marks(line, root);
}

void Parties::check_marks(std::string_view line, json::View root) {
  for (std::size_t at = 0; (at = line.find(mark_head, at)) != std::string_view::npos; ++at) {
    const std::string_view mark = line.substr(at, mark_bytes);
    for (std::uint64_t call = 1; call <= calls_; ++call) {
      if (mark != mark_of(call) || script_.contains(mark)) continue;
      if (root["method"].exists()) {
        must(text_of(root["params"]["progressToken"]) == fmt::format("p{}", call),
             "what belongs to one call is told under the token of another");
        continue;
      }
      must(text_of(root["id"]) == fmt::format("h{}", call),
           "what belongs to one call is answered under the id of another");
      check_reserved(root["result"]);
      must(!answered_[call], "a call was answered twice");
      answered_[call] = true;
    }
  }
}

// The marked result of a server: what only pawl may write is not in it.
void Parties::check_reserved(json::View result) const {
  for (auto [key, value] : result.members()) {
    if (key != "_meta") continue;
    for (auto [name, inner] : value.members()) {
      must(!name.starts_with("pawl/"), "a server wrote what only pawl may write");
    }
  }
}

void Parties::check_journal() {
  std::map<std::string, std::uint64_t> admitted;
  for (const Record& record : world_.records()) {
    const auto* decided = std::get_if<CallDecided>(&record.body);
    if (decided == nullptr) continue;
    if (decided->effect == "allow" || decided->effect == "notify") ++admitted[decided->tool];
  }
  for (const auto& [tool, times] : forwarded_) {
    must(times <= admitted[tool], "a call was forwarded without a decision");
  }
}

void Parties::end() {
  pump();
  client_out_.reset();
  for (Server& server : servers_) server.out.reset();
  // Long enough for every moment that the session gives to others.
  for (int i = 0; i < 8 && !ended_; ++i) {
    pump();
    pass(Duration::seconds(5));
  }
  pump();
  must(ended_, "both sides are gone and the session goes on");
  must(world_.gate->calls.live_calls(world_.run) == 0, "a call is live behind its session");
  check_journal();
  session_.reset();
  pump();
  world_.stop();
}

}  // namespace pawl::fuzz
