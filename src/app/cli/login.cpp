// `pawl login`: a sign-in at the issuer of a server, kept in the store of secrets.
#include "app/cli/login.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/credentials.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "io/http/client.h"
#include "io/http/server.h"
#include "io/issue/answers.h"
#include "io/issue/challenge.h"
#include "io/issue/discovery.h"
#include "io/issue/requests.h"
#include "io/net/loop.h"
#include "lang/jose/base64url.h"
#include "node/files/config_files.h"
#include "node/join.h"

namespace pawl::app {

namespace {

// A message that changes nothing and opens no session, as clients without a token send it.
http::Ask without_token(std::string url) {
  http::Ask ask;
  ask.method = "POST";
  ask.url = std::move(url);
  ask.headers.add("accept", "application/json, text/event-stream");
  ask.headers.add("content-type", "application/json");
  ask.headers.add("mcp-protocol-version", "2025-11-25");
  ask.body = R"({"id":1,"jsonrpc":"2.0","method":"ping"})";
  ask.body_bytes_max = issue::answer_bytes_max;
  ask.deadline = issue::ask_within;
  return ask;
}

std::optional<issue::BearerChallenge> challenge_of(const http::Headers& headers) {
  std::string all;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (headers[i].name == "www-authenticate") all.append(headers[i].value).append(", ");
  }
  return issue::bearer_challenge(all);
}

}  // namespace

Task<Result<std::string>> read_first(http::Client& client, std::vector<std::string> places) {
  for (const std::string& place : places) {
    http::Ask ask;
    ask.url = place;
    ask.headers.add("accept", "application/json");
    ask.body_bytes_max = issue::answer_bytes_max;
    ask.deadline = issue::ask_within;
    auto said = co_await client.fetch(std::move(ask));
    PAWL_CO_TRY(said);
    if (said->status == 200) co_return std::move(said->body);
  }
  co_return fail(ErrorKind::missing, "nothing is there");
}

Task<Result<SaidOfLogins>> ask_about_logins(http::Client& client, std::string url) {
  SaidOfLogins found;
  std::vector<std::string> places = issue::places_of_resource(url);
  const auto answer = co_await client.fetch(without_token(url));
  // A server that answers no such message may describe itself all the same.
  const auto challenge =
      answer && answer->status == 401 ? challenge_of(answer->headers) : std::nullopt;
  const bool followed = challenge && !challenge->metadata.empty();
  if (challenge) found.scope = challenge->scope;
  if (followed) {
    if (issue::origin_of(challenge->metadata) != issue::origin_of(url)) {
      co_return fail(ErrorKind::refused,
                     "the server says that it describes itself at another address than its own");
    }
    places = {challenge->metadata};
  }
  const auto body = co_await read_first(client, std::move(places));
  if (!body && body.error().fault == ErrorKind::missing) {
    if (!followed) co_return found;
    co_return fail(ErrorKind::refused, "nothing is where the server says that it describes itself");
  }
  PAWL_CO_TRY(body);
  auto issuers = issue::issuers_of_resource(*body, url);
  PAWL_CO_TRY(issuers);
  found.said = true;
  found.issuers = *std::move(issuers);
  co_return found;
}

namespace {

constexpr Duration login_within = Duration::seconds(300);
// Of all questions to others together, besides the person's.
constexpr Duration questions_within = Duration::seconds(120);
constexpr std::size_t state_bytes = 16;
constexpr std::size_t verifier_bytes = 32;
constexpr std::string_view kCallbackPath = "/callback";
constexpr std::size_t error_code_chars_max = 64;

constexpr OptionRow kLoginOptions[] = {key_file_option, state_option, config_option, json_option};
constexpr WordRow kLoginWords[] = {{"server", "the server, as the deployment file calls it"}};

// One field of a query, decoded; nothing where it is absent, twice there, or badly written.
std::optional<std::string> query_field(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  for (const std::string_view part : split(query, '&')) {
    if (part.substr(0, part.find('=')) != name || part.size() == name.size()) continue;
    if (found) return std::nullopt;
    found.emplace();
    std::string_view rest = part.substr(name.size() + 1);
    while (!rest.empty()) {
      std::string byte(1, rest[0] == '+' ? ' ' : rest[0]);
      const bool escaped = rest[0] == '%';
      if (escaped && (rest.size() < 3 || !unhex(lower_ascii(rest.substr(1, 2)), byte))) {
        return std::nullopt;
      }
      *found += byte;
      rest.remove_prefix(escaped ? 3 : 1);
    }
  }
  return found;
}

http::Client client_for(net::Loop& loop, const ReachedHost& at, const std::string& directory) {
  http::ClientOptions options;
  const bool bare = at.host.find(':') == std::string::npos;
  const std::string where = fmt::format("{}:{}", bare ? at.host : "[" + at.host + "]", at.port);
  (at.own_network ? options.reach.private_hosts : options.reach.hosts) = {where};
  if (!at.ca.empty()) options.ca_file = (std::filesystem::path(directory) / at.ca).string();
  options.user_agent = "pawl/" PAWL_VERSION;
  return {loop, std::move(options)};
}

struct LoggingIn {
  LoggingIn(const Deployment::Server& s, const LoginToken& h, const std::string& directory)
      : server(s),
        how(h),
        at_server(client_for(loop, s, directory)),
        at_issuer(client_for(loop, h.at, directory)),
        callback(loop, {}, [this](http::Request request, http::Responder responder) {
          called(request, std::move(responder));
        }) {}

  void called(const http::Request& request, http::Responder responder);
  Task<Status> look_at_server();
  Task<Result<std::string>> registered();
  Task<Result<issue::Login>> log_in();

  const Deployment::Server& server;
  const LoginToken& how;
  net::Loop loop;
  http::Client at_server, at_issuer;
  http::Server callback;
  issue::Authorization where;
  std::string state = jose::base64url(random_bytes(state_bytes));
  std::string redirect;
  Completion<Result<std::string>> code;
  bool for_program = false;  // what is printed is for a program
};

// Any process may find this socket: without the state of this login nothing happens.
void LoggingIn::called(const http::Request& request, http::Responder responder) {
  const std::string_view query = http::query_of(request.target);
  const auto brought = query_field(query, "state");
  const bool ours = request.method == "GET" && http::path_of(request.target) == kCallbackPath &&
                    brought && equal_constant_time(*brought, state);
  if (!ours) {
    return std::move(responder).answer(http::respond({400, "this belongs to no login"}));
  }
  const auto issuer = query_field(query, "iss");
  const auto given = query_field(query, "code");
  const std::string error = query_field(query, "error").value_or("");
  const bool other = issuer ? *issuer != how.at.url : where.says_issuer;
  http::Response page{200, {}, "pawl has what it needs. This page can be closed.\n"};
  if (other || !given || given->empty()) {
    page.body = "This login failed. The terminal says why.\n";
    code.deliver(fail(ErrorKind::refused,
                      other
                          ? "the answer in the browser is of another authorization server"
                          : fmt::format("the authorization server gave no code: {}",
                                        escape_untrusted(error.substr(0, error_code_chars_max)))));
  } else {
    code.deliver(*given);
  }
  page.headers.add("content-type", "text/plain; charset=utf-8");
  page.headers.add("cache-control", "no-store");
  page.headers.add("referrer-policy", "no-referrer");
  std::move(responder).answer(std::move(page));
}

Task<Status> LoggingIn::look_at_server() {
  const auto said = co_await ask_about_logins(at_server, server.url);
  PAWL_CO_TRY(said);
  if (said->said) co_return issue::check_named(said->issuers, how.at.url);
  if (!for_program)
    out("the server does not say which authorization server it trusts; the deployment file does");
  co_return Status{};
}

Task<Result<std::string>> LoggingIn::registered() {
  if (!how.client.empty()) co_return how.client;
  if (where.register_url.empty()) {
    co_return fail(
        ErrorKind::refused,
        "the authorization server registers no clients: expected `client_id` in `login` of "
        "the deployment file");
  }
  http::Ask ask;
  ask.method = "POST";
  ask.url = where.register_url;
  ask.headers.add("content-type", "application/json");
  ask.body = issue::registration(redirect, how.scope);
  ask.body_bytes_max = issue::answer_bytes_max;
  ask.deadline = issue::ask_within;
  const auto said = co_await at_issuer.fetch(std::move(ask));
  PAWL_CO_TRY(said);
  co_return issue::read_registration(said->status, said->body);
}

Task<Result<issue::Login>> LoggingIn::log_in() {
  PAWL_CO_TRY(co_await look_at_server());
  const auto said = co_await read_first(at_issuer, issue::places_of_issuer(how.at.url));
  PAWL_CO_TRY(said);
  auto found = issue::read_authorization(*said, how.at.url);
  PAWL_CO_TRY(found);
  where = *std::move(found);
  const auto port = callback.listen("127.0.0.1", 0);
  PAWL_CO_TRY(port);
  redirect = fmt::format("http://127.0.0.1:{}{}", *port, kCallbackPath);
  const auto client = co_await registered();
  PAWL_CO_TRY(client);

  issue::Login login{how.at.url, where.token_url, *client, server.url, how.scope, {}};
  std::string verifier = jose::base64url(random_bytes(verifier_bytes));
  const bool more = where.authorize_url.find('?') != std::string::npos;
  std::string address = fmt::format(
      "{}{}response_type=code&client_id={}&redirect_uri={}&state={}&code_challenge={}"
      "&code_challenge_method=S256&resource={}",
      where.authorize_url, more ? '&' : '?', issue::percent(*client), issue::percent(redirect),
      state, jose::base64url(bytes_of(sha256(verifier))), issue::percent(server.url));
  if (!how.scope.empty()) address += "&scope=" + issue::percent(how.scope);
  if (for_program) {
    json::Writer line;
    line.object().key("issuer").string(how.at.url).key("open").string(address);
    out(line.end().take());
  } else {
    out(fmt::format("the authorization server of the deployment file is {}, for {}\n",
                    escape_untrusted(how.at.url), escape_untrusted(server.url)));
    out("open this address in a browser of this machine, within five minutes:\n\n" +
        escape_untrusted(address) + "\n");
  }
  const net::Timer patience = loop.after(login_within, [this] {
    code.deliver(fail(ErrorKind::environment, "no login within five minutes"));
  });
  const auto brought = co_await code;
  PAWL_CO_TRY(brought);
  auto answer = co_await at_issuer.fetch(issue::ask_with_code(login, *brought, redirect, verifier));
  secrets::wipe(verifier);
  PAWL_CO_TRY(answer);
  const auto tokens = issue::read_login_tokens(answer->status, answer->body);
  secrets::wipe(answer->body);
  PAWL_CO_TRY(tokens);
  if (tokens->refresh.empty()) {
    co_return fail(ErrorKind::refused,
                   "the authorization server gives no refresh token: expected a "
                   "`scope` such as `offline_access`");
  }
  login.refresh_token = std::string(tokens->refresh.bytes());
  (void)co_await callback.drain(Duration::seconds(2));
  co_return login;
}

Task<void> note_login(LoggingIn& desk, std::optional<Result<issue::Login>>& into) {
  into = co_await desk.log_in();
}

Task<void> note_said(http::Client& client, std::string url,
                     std::optional<Result<SaidOfLogins>>& into) {
  into = co_await ask_about_logins(client, std::move(url));
}

// A server for which the file has no login: what it says is told, and that is all.
int tell_what_it_says(const Arguments& arguments, const Deployment::Server& server,
                      const std::string& directory) {
  net::Loop loop;
  std::optional<Result<SaidOfLogins>> said;
  http::Client client = client_for(loop, server, directory);
  spawn(note_said(client, server.url, said));
  (void)loop.run_until([&said] { return said.has_value(); }, questions_within);
  if (!said) return complain({ErrorKind::environment, "the server has not answered", {}});
  if (!*said) return complain(said->error());
  const SaidOfLogins& found = **said;
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("issuers").array();
    for (const std::string& issuer : found.issuers) text.string(issuer);
    out(text.end().key("scope").string(found.scope).end().take());
    return exit_no;
  }
  if (found.issuers.empty()) {
    return complain({ErrorKind::missing, "the server does not say who logs people in for it", {}});
  }
  out("the server says that people log in for it at:\n");
  for (const std::string& issuer : found.issuers) out("  " + escape_untrusted(issuer));
  if (!found.scope.empty())
    out(fmt::format("\nwith the scope `{}`", escape_untrusted(found.scope)));
  const std::string name =
      server.credential.empty() ? arguments.word("server") + "-person" : server.credential;
  out(
      fmt::format("\npawl asks no issuer before the deployment file names it. If you trust it:\n\n"
                  "  credentials:\n    {}: {{login: {{issuer: \"{}\", store: {}}}}}\n",
                  escape_untrusted(name), found.issuers.front(), escape_untrusted(name)));
  if (server.credential.empty()) {
    out(fmt::format("and `credential: {}` at the server.", escape_untrusted(name)));
  }
  return exit_no;
}

// How a person logs in for it; null: the file does not say.
const LoginToken* login_of(const Deployment& deployment, const Deployment::Server& server) {
  const auto credential = deployment.credentials.find(server.credential);
  if (credential == deployment.credentials.end() || !credential->second.login) return nullptr;
  return &*credential->second.login;
}

int run_login(const Arguments& arguments) {
  const node::DeploymentRead read = node::read_deployment(config_path(arguments), true);
  for (const Error& error : read.errors) err("pawl: " + to_string(error));
  if (!read.deployment) return exit_usage;
  const auto found = read.deployment->servers.find(arguments.word("server"));
  if (found == read.deployment->servers.end() || found->second.url.empty()) {
    return complain({ErrorKind::usage,
                     fmt::format("the deployment file has no server `{}` with a `url`",
                                 escape_untrusted(arguments.word("server"))),
                     {}});
  }
  const Deployment::Server* server = &found->second;
  const std::string directory = std::filesystem::path(read.path).parent_path().string();
  const LoginToken* how = login_of(*read.deployment, *server);
  if (how == nullptr) return tell_what_it_says(arguments, *server, directory);
  // Before anybody logs in: whether what is to be kept can be.
  auto opened = open_store(arguments, true);
  if (!opened) return complain(opened.error());
  const secrets::Credential key = std::move(opened->key);
  opened = fail(ErrorKind::internal, "closed");

  LoggingIn desk(*server, *how, directory);
  desk.for_program = arguments.has("--json");
  std::optional<Result<issue::Login>> login;
  spawn(note_login(desk, login));
  (void)desk.loop.run_until([&login] { return login.has_value(); },
                            login_within + questions_within);
  if (!login) return complain({ErrorKind::environment, "the login was broken off", {}});
  if (!*login) return complain(login->error());

  opened = open_store(arguments, true, &key);
  if (!opened) return complain(opened.error());
  const secrets::Credential kept = issue::write_login(**login);
  secrets::wipe((*login)->refresh_token);
  const auto version = opened->store.put(how->store, kept, node::wall_clock(), random_bytes);
  if (!version) return complain(version.error());
  if (Status written = opened->file.replace(opened->store.text()); !written) {
    return complain(written.error());
  }
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("done").string("logged in").key("name").string(how->store);
    out(text.key("version").natural(*version).end().take());
    return exit_good;
  }
  out(fmt::format("{}   {}, version {}", paint(Ink::good, "logged in"), how->store, *version));
  return exit_good;
}

}  // namespace

extern const CommandRow login_command = {
    "login",
    "run",
    "logs in for a server, and keeps what renews itself, encrypted",
    kLoginOptions,
    kLoginWords,
    run_login,
    "The server's credential has a `login` in the deployment file, which names the authorization "
    "server. An address is printed, to be opened in a browser; the answer comes back to this "
    "machine (OAuth's authorization code with PKCE). The refresh token goes into the encrypted "
    "store, and calls get short-lived tokens of it. Where the file has no `login` for the server, "
    "what the server says of who logs people in for it is shown, and no request goes there."};

}  // namespace pawl::app
