#include "app/common/client.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/hash.h"
#include "base/text.h"
#include "doors/control/control.h"
#include "io/approvals/proof.h"
#include "io/journal/note.h"
#include "io/journal/posix_disk.h"
#include "io/net/detached.h"
#include "io/net/unix_socket.h"
#include "node/common/journal_health.h"
#include "node/common/memory.h"
#include "node/files/config_files.h"
#include "node/node.h"

namespace pawl::app {

namespace {

constexpr Duration connect_within = Duration::seconds(5);
constexpr Duration answer_within = Duration::seconds(30);
constexpr std::size_t nonce_bytes = 32;

ErrorKind fault_of(std::string_view word) {
  if (word == "usage") return ErrorKind::usage;
  if (word == "invalid") return ErrorKind::invalid;
  if (word == "refused") return ErrorKind::refused;
  if (word == "missing") return ErrorKind::missing;
  if (word == "environment") return ErrorKind::environment;
  if (word == "io") return ErrorKind::io;
  if (word == "corrupt") return ErrorKind::corrupt;
  return ErrorKind::internal;
}

// The first few of them.
std::string names_in_words(const std::vector<std::string>& names) {
  constexpr std::size_t shown_max = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown_max); ++i) {
    text += (i == 0 ? "`" : ", `") + escape_untrusted(names[i]) + "`";
  }
  return names.size() > shown_max ? text + " and others" : text;
}

}  // namespace

Result<NodeConnection> NodeConnection::open(const std::string& state_directory,
                                            const char* socket) {
  auto fd = net::connect_unix(state_directory + "/" + socket, connect_within);
  PAWL_TRY(fd);
  NodeConnection node(net::BlockingChannel(std::move(*fd)));
  auto public_text = node::read_file(state_directory + "/node.pub", 4096);
  PAWL_TRY(public_text);
  auto key = journal::PublicKey::parse(trim(*public_text));
  PAWL_TRY(key);
  const std::string nonce = hex(random_bytes(nonce_bytes));
  json::Writer hello;
  hello.object().key("op").string("hello").key("nonce").string(nonce).end();
  auto answer = node.ask(hello.text());
  PAWL_TRY(answer);
  const auto signature = answer->root().text("signature");
  if (!signature || !key->proves(hello_text(nonce), *signature)) {
    return fail(ErrorKind::refused,
                "who answers on this socket does not hold the key of this state directory");
  }
  return node;
}

Result<json::Document> NodeConnection::ask(std::string_view request) {
  PAWL_TRY(channel_.send(request, {}, answer_within));
  auto frame = channel_.receive(answer_within);
  PAWL_TRY(frame);
  json::ParseLimits limits;
  limits.duplicate_keys = json::DuplicateKeys::refuse_exact_only;
  auto document = json::parse(frame->text, limits);
  PAWL_TRY(document);
  const json::View root = document->root();
  const json::View ok = root["ok"];
  if (ok.exists() && ok.kind() == json::Kind::boolean && !ok.boolean()) {
    return fail(fault_of(root.text("fault").value_or("refused")),
                std::string(root.text("error").value_or("the node refused")));
  }
  if (const auto damage = root.text("damage"); damage && damage_.empty()) {
    damage_ = *damage;
    err("pawl: " + escape_untrusted(damage_, Newlines::keep));
  }
  return document;
}

int NodeConnection::ends(int status) const {
  return damage_.empty() || status != exit_good ? status : exit_no;
}

Status NodeConnection::send(std::string_view request, const std::vector<int>& fds) {
  return channel_.send(request, fds, answer_within);
}

Result<NodeConnection> control(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  PAWL_TRY(directory);
  return NodeLauncher(*directory, config_path(arguments)).ensure();
}

Result<json::Document> act(NodeConnection& node, const std::string& person,
                           const std::string& act_json) {
  json::Writer request;
  request.object().key("op").string("challenge").key("person").string(person).end();
  auto challenge = node.ask(request.text());
  if (!challenge) return challenge;
  const auto parsed = json::parse(act_json);
  PAWL_TRY(parsed);
  const json::View root = challenge->root();
  const Challenge text{std::string(root.text("node").value_or("")),
                       std::string(root.text("nonce").value_or("")), person,
                       act_digest(parsed->root())};
  auto passphrase = ask_secret("passphrase of " + escape_untrusted(person) + ": ");
  PAWL_TRY(passphrase);
  auto signature = sign(text, *passphrase, root.text("verifier").value_or(""));
  PAWL_TRY(signature);
  json::Writer out;
  out.object().key("op").string("act").key("person").string(person);
  out.key("nonce").string(text.nonce).key("signature").string(*signature);
  out.key("act").raw(act_json).end();
  return node.ask(out.text());
}

Result<std::string> acting_person(NodeConnection& node, const Arguments& arguments) {
  std::string wanted = arguments.one("--as").value_or("");
  const char* named = std::getenv("PAWL_REVIEWER");
  if (wanted.empty() && named != nullptr) wanted = named;
  auto answer = node.ask(R"({"op":"reviewers"})");
  PAWL_TRY(answer);
  std::vector<std::string> names;
  for (json::View one : answer->root()["reviewers"].elements()) {
    names.emplace_back(one.text("person").value_or(""));
  }
  const auto enrolled = [&names](std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  if (enrolled(wanted)) return wanted;
  if (names.empty()) {
    return fail(ErrorKind::usage,
                "no reviewer is enrolled: the first is enrolled with `pawl reviewers add NAME`");
  }
  const std::string all = names_in_words(names);
  if (!wanted.empty()) {
    return fail(ErrorKind::usage,
                fmt::format("no reviewer is called `{}`; enrolled {} {}", escape_untrusted(wanted),
                            names.size() == 1 ? "is" : "are", all));
  }
  const passwd* entry = ::getpwuid(::getuid());
  if (entry != nullptr && enrolled(entry->pw_name)) return std::string(entry->pw_name);
  if (names.size() == 1) return names.front();
  return fail(ErrorKind::usage, "say which reviewer you are with `--as NAME`; enrolled are " + all);
}

std::string looking_person(NodeConnection& node, const Arguments& arguments) {
  if (const auto given = arguments.one("--as")) return *given;
  if (const char* named = std::getenv("PAWL_REVIEWER")) return named;
  if (auto person = acting_person(node, arguments)) return *std::move(person);
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? std::string() : std::string(entry->pw_name);
}

Result<json::Document> act(NodeConnection& node, const Arguments& arguments,
                           const std::string& act_json) {
  const auto person = acting_person(node, arguments);
  PAWL_TRY(person);
  return act(node, *person, act_json);
}

namespace {

constexpr Duration start_within = Duration::seconds(20);
constexpr int launch_look_every_us = 10'000;
constexpr const char* log_name = "node.log";

}  // namespace

Status NodeLauncher::launch() const {
  std::error_code ignored;
  std::filesystem::create_directories(state_directory_, ignored);
  ::chmod(state_directory_.c_str(), 0700);
  const std::string log_path = state_directory_ + "/" + log_name;
  const net::Fd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log.open()) {
    return fail(ErrorKind::environment,
                fmt::format("cannot write `{}`: {}", log_path, std::strerror(errno)));
  }
  std::vector<std::string> words = {"pawl", "node", "--state-dir", state_directory_};
  if (std::filesystem::exists(config_)) {
    words.emplace_back("--config");
    words.push_back(config_);
  }
  return net::start_detached("/proc/self/exe", std::move(words), log, {node::memory_setting});
}

namespace {

constexpr std::int64_t damage_look_at_us = 500'000;
constexpr std::int64_t damaged_start_us = 2'000'000;

std::string damage_in(const std::string& directory) {
  auto disk = PosixDisk::open(directory, PosixDisk::Root::must_exist);
  if (!disk) return {};
  const auto health = node::health_of_journal(**disk);
  return health ? health->damage : std::string();
}

}  // namespace

namespace {

constexpr std::string_view kCannotStart = "the node cannot start: ";
constexpr std::size_t kLogTailBytes = 4096;

// Why the node that was just launched ended, as it wrote into its log; empty: it did not say.
std::string why_not_started(const std::string& log) {
  std::ifstream in(log, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const auto bytes = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  std::string tail(std::min(bytes, kLogTailBytes), '\0');
  in.seekg(static_cast<std::streamoff>(bytes - tail.size()));
  if (!in.read(tail.data(), static_cast<std::streamsize>(tail.size()))) return {};
  const std::size_t at = tail.rfind(kCannotStart);
  if (at == std::string::npos) return {};
  tail = tail.substr(at + kCannotStart.size());
  return escape_untrusted(tail.substr(0, tail.find('\n')));
}

}  // namespace

Result<NodeConnection> NodeLauncher::ensure() const {
  auto connected = NodeConnection::open(state_directory_, node::control_socket);
  if (connected) return connected;
  // One that ends at this moment closes the connection, or breaks it.
  const ErrorKind why = connected.error().fault;
  if (why == ErrorKind::invalid || why == ErrorKind::corrupt) {
    const std::string damage = damage_in(state_directory_);
    if (!damage.empty()) return fail(ErrorKind::corrupt, damage);
  }
  if (why != ErrorKind::missing && why != ErrorKind::io) return std::unexpected(connected.error());
  // What is just being made is not damaged yet.
  const bool begun = std::filesystem::exists(state_directory_ + "/journal");
  PAWL_TRY(launch());
  std::int64_t most_us = start_within.ns / 1000;
  std::string damage;
  for (std::int64_t waited = 0; waited < most_us; waited += launch_look_every_us) {
    ::usleep(launch_look_every_us);
    connected = NodeConnection::open(state_directory_, node::control_socket);
    if (connected) return connected;
    // Some damage it starts with, and with some it does not: then a command need not wait so long.
    const bool soon =
        waited < damage_look_at_us && waited + launch_look_every_us >= damage_look_at_us;
    if (!soon || !begun) continue;
    damage = damage_in(state_directory_);
    if (!damage.empty()) most_us = std::min(most_us, waited + damaged_start_us);
  }
  // Looked at once more: another node may have been making it.
  if (!damage.empty()) damage = damage_in(state_directory_);
  if (!damage.empty()) {
    return fail(ErrorKind::corrupt, fmt::format("the node does not start: {}", damage));
  }
  std::string reason = why_not_started(state_directory_ + "/" + log_name);
  if (reason.empty()) reason = to_string(connected.error());
  return fail(ErrorKind::environment, fmt::format("the node did not start: {} (see `{}/{}`)",
                                                  reason, state_directory_, log_name));
}

}  // namespace pawl::app
