#include "node/servers/tool_discovery.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/requests.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/session/tool_catalog.h"
#include "doors/mcp/transport/pipes.h"
#include "doors/mcp/transport/transport.h"
#include "io/net/child.h"
#include "node/files/config_files.h"
#include "node/servers/remotes.h"
#include "node/servers/server_processes.h"

namespace pawl::node {
namespace {

// Nothing secret, enough to run.
constexpr std::string_view kPassed[] = {"HOME", "LOGNAME", "PATH",   "SHELL",  "TERM",
                                        "USER", "LANG",    "LC_ALL", "TMPDIR", "TZ"};

// What a request of the stateless revision says about us.
std::string own_envelope() {
  json::Writer name;
  name.object().key("name").string("pawl").key("version").string(PAWL_VERSION).end();
  return fmt::format(R"("{}":"{}","{}":{},"{}":{{}})", mcp::meta_version, mcp::stateless_revision,
                     mcp::meta_client, name.text(), mcp::meta_capabilities);
}

constexpr Duration offer_farewell_within = Duration::seconds(2);
constexpr Duration end_within = Duration::seconds(15);

// An error that stands in the place of an answer: our own reason, or what the server says.
std::string error_in_words(const std::string& text) {
  const auto error = json::parse(text, mcp::as_it_came);
  const auto message = error ? error->root().text("message") : std::nullopt;
  if (!message) return "the server answered with an error: " + escape_untrusted(text);
  const json::View code = error->root()["code"];
  if (code.is_integer() && code.integer() == mcp::refused_by_policy) {
    return escape_untrusted(*message);
  }
  return fmt::format("the server answered with an error: {} ({})", escape_untrusted(*message),
                     escape_untrusted(json::write(code)));
}

struct DiscoverySession {
  net::Loop loop;
  json::Parser parser;
  json::Document document;
  std::unique_ptr<mcp::Transport> transport;
  std::optional<mcp::Requests> requests;
  Result<DiscoveredTools> offer = fail(ErrorKind::environment, "the server did not answer");
  std::string envelope;  // of its requests, where it speaks the stateless revision only
  bool done = false;

  void open(std::unique_ptr<mcp::Transport> way);
  void hear(std::string_view text);
  void unreadable(std::string_view text, const std::string& why);
  void run(const std::string& server, Duration at_most);
  Task<mcp::Answer> hello();
  Task<void> ask(std::string server);
  Result<json::Document> take(const mcp::Answer& answer) const;
};

void DiscoverySession::open(std::unique_ptr<mcp::Transport> way) {
  transport = std::move(way);
  requests.emplace([this](std::string line) { return transport->send(std::move(line), {}); });
  const auto lose = [this](const char* why) { requests->lose_all(why); };
  transport->open(
      {.message = [this](std::string_view text) { hear(text); },
       .too_long = [lose](std::string_view) { lose("the server sent a message beyond the limit"); },
       .crowded = {},
       .ended = [lose] { lose("the server ended before it answered"); },
       .failed = {},
       .lost =
           [this](std::string_view id, const std::string& why) {
             requests->deliver(id, {mcp::Answer::Kind::lost, why});
           }});
}

void DiscoverySession::hear(std::string_view text) {
  std::string mended;
  const auto message = mcp::read_server_message(text, mended, parser, document);
  if (!message) return unreadable(text, message.error().message);
  if (message->kind == mcp::MessageKind::request) {
    const bool ping = message->method == "ping";
    transport->send(ping ? mcp::result_line(message->id, "{}")
                         : mcp::error_line(message->id, mcp::method_not_found, "method not found"),
                    message->id);
  } else if (message->kind == mcp::MessageKind::result) {
    requests->deliver(message->id, {mcp::Answer::Kind::result, std::string(message->result_text)});
  } else if (message->kind == mcp::MessageKind::error) {
    requests->deliver(message->id, {mcp::Answer::Kind::error, std::string(message->error_text)});
  }
}

// As a session does it: tools that are nested too deep are left out, and what else is no answer
// ends the request that it names.
void DiscoverySession::unreadable(std::string_view text, const std::string& why) {
  const mcp::MeantFor meant = mcp::meant_for(text);
  const bool lists = meant.answer && meant.ids.size() == 1 &&
                     requests->method_of(meant.ids.front()) == "tools/list";
  if (const auto shortened = lists ? mcp::without_deep_tools(text) : std::nullopt) {
    return hear(shortened->line);
  }
  requests->lose(meant, mcp::cannot_be_read(why));
}

void DiscoverySession::run(const std::string& server, Duration at_most) {
  spawn(ask(server), [this] { done = true; });
  if (!loop.run_until([this] { return done; }, at_most)) {
    requests->lose_all(fmt::format("the server did not answer within {}", to_string(at_most)));
  }
  transport->finish_sending();
}

Result<json::Document> DiscoverySession::take(const mcp::Answer& answer) const {
  switch (answer.kind) {
    case mcp::Answer::Kind::lost:
      return fail(ErrorKind::environment, answer.text);
    case mcp::Answer::Kind::error:
      return fail(ErrorKind::environment, error_in_words(answer.text));
    case mcp::Answer::Kind::result:
      break;
  }
  return json::parse(answer.text, mcp::as_it_came);  // a part of a message that was read
}

// What the server says about itself, in the form of `initialize`.
Task<mcp::Answer> DiscoverySession::hello() {
  json::Writer words;
  words.object().key("protocolVersion").string(mcp::newest_revision).key("capabilities").object();
  words.end().key("clientInfo").object().key("name").string("pawl");
  words.key("version").string(PAWL_VERSION).end().end();
  auto ticket = requests->send("initialize", words.text());
  mcp::Answer answer = co_await ticket.answer;
  if (answer.kind != mcp::Answer::Kind::error) co_return answer;
  // Perhaps it speaks nothing but the stateless revision.
  auto discover = requests->send("server/discover", mcp::with_meta("{}", own_envelope()));
  const mcp::Answer told = co_await discover.answer;
  const auto said = take(told);
  std::string found = said ? mcp::said_in_discover(said->root()) : std::string();
  if (found.empty()) co_return answer;
  envelope = own_envelope();
  co_return mcp::Answer{mcp::Answer::Kind::result, std::move(found)};
}

Task<void> DiscoverySession::ask(std::string server) {
  const mcp::Answer answer = co_await hello();
  auto result = take(answer);
  if (!result) {
    offer = std::unexpected(result.error());
    co_return;
  }
  DiscoveredTools found;
  const json::View root = result->root();
  found.server_name = std::string(root["serverInfo"].text("name").value_or(""));
  found.server_version = std::string(root["serverInfo"].text("version").value_or(""));
  found.instructions = std::string(root.text("instructions").value_or(""));
  found.says_tools = root["capabilities"]["tools"].is_object();
  found.says_resources = root["capabilities"]["resources"].is_object();
  found.says_prompts = root["capabilities"]["prompts"].is_object();
  if (envelope.empty()) {
    transport->send(mcp::notification_line("notifications/initialized", {}), {});
  }
  std::string params;
  ToolsRead read;
  std::set<std::string, std::less<>> cursors;
  for (std::size_t page = 0; found.says_tools && page < mcp::list_pages_max; ++page) {
    const std::string asked = params.empty() && !envelope.empty() ? "{}" : params;
    auto list = requests->send("tools/list", mcp::with_meta(asked, envelope));
    const mcp::Answer listed = co_await list.answer;
    auto tools = take(listed);
    if (!tools) {
      offer = std::unexpected(tools.error());
      co_return;
    }
    read_tools(tools->root()["tools"], server, read);
    const auto next = tools->root().text("nextCursor");
    if (next && mcp::ends_list(*next, cursors)) {
      found.notes.push_back("list of tools: " + std::string(mcp::says_list_ends));
      break;
    }
    if (!next) break;
    json::Writer cursor;
    cursor.object().key("cursor").string(*next).end();
    params = cursor.take();
  }
  found.tools = std::move(read.tools);
  for (std::string& one : read.left_out) found.notes.push_back("left out " + std::move(one));
  if (!found.says_tools) {
    found.notes.emplace_back("the server says in its `capabilities` that it has no tools");
  }
  offer = std::move(found);
}

Result<DiscoveredTools> ask_program(AskedServer server, Duration at_most) {
  auto started = net::start({.command = std::move(server.command),
                             .environment = std::move(server.environment),
                             .directory = std::move(server.directory),
                             .error_output = net::ErrorOutput::inherit});
  PAWL_TRY(started);
  DiscoverySession asking;
  net::Child child(asking.loop, std::move(*started));
  asking.open(mcp::over_pipes(asking.loop, std::move(child.output), std::move(child.input)));
  asking.run(server.name, at_most);
  bool over = false;
  spawn(
      [](net::Child& server_process) -> Task<void> {
        (void)co_await server_process.end_gently();
      }(child),
      [&over] { over = true; });
  (void)asking.loop.run_until([&over] { return over; }, end_within);
  return std::move(asking.offer);
}

// As the node has it: reached over HTTP, or started with the secret that it is given.
Result<DiscoveredTools> ask_as_node(AskedServer server, Duration at_most) {
  DiscoverySession asking;
  const std::string directory =
      std::filesystem::path(server.deployment.file).parent_path().string();
  Remotes remotes(asking.loop, server.state_directory);
  remotes.use(server.deployment, directory);
  ServerProcesses starts(asking.loop);
  if (remotes.has(server.name)) {
    auto transport = remotes.open(server.name, std::move(server.roles));
    PAWL_TRY(transport);
    asking.open(std::move(*transport));
  } else {
    const auto& program = server.deployment.servers.find(server.name)->second;
    asking.open(equipped_wire(asking.loop, starts, remotes.broker(),
                              {server.name, program, directory, std::move(server.roles)}));
  }
  asking.run(server.name, at_most);
  // A session of the server ends with the transport, and the server hears of it.
  asking.transport.reset();
  (void)asking.loop.run_until([&remotes] { return remotes.under_way() == 0; },
                              offer_farewell_within);
  (void)asking.loop.run_until([&starts] { return starts.live() == 0; }, end_within);
  return std::move(asking.offer);
}

}  // namespace

std::vector<std::string> passed_environment(const std::vector<std::string>& wanted,
                                            std::vector<std::string>* withheld) {
  std::vector<std::string> passed;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    const bool listed =
        std::find(std::begin(kPassed), std::end(kPassed), name) != std::end(kPassed) ||
        std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    // A value that begins like a shell function is one of the old ways into a shell.
    if (listed && !text.substr(equals + 1).starts_with("()")) {
      passed.emplace_back(text);
    } else if (withheld != nullptr) {
      withheld->emplace_back(name);
    }
  }
  return passed;
}

ToolDefinition pinned_instructions(const std::string& server, const std::string& instructions) {
  ToolDefinition pinned;
  pinned.server = server;
  pinned.name = std::string(mcp::instructions_name);
  pinned.description = instructions;
  json::write_string(instructions, pinned.text);
  pinned.digest = sha256(pinned.text);
  pinned.hidden_characters = hides_characters(instructions);
  return pinned;
}

std::string shown(const AskedServer& server) {
  if (server.command.empty()) return fmt::format("--server {}", escape_untrusted(server.name));
  std::string line;
  for (const std::string& word : server.command) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n'\"\\$`;&|<>()*?") == word.npos;
    line += (line.empty() ? "" : " ") +
            (plain ? escape_untrusted(word) : "'" + escape_untrusted(word) + "'");
  }
  return line;
}

Result<DiscoveredTools> discover_tools(AskedServer server, Duration at_most) {
  return server.command.empty() ? ask_as_node(std::move(server), at_most)
                                : ask_program(std::move(server), at_most);
}

}  // namespace pawl::node
