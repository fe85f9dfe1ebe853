#include "node/notifiers.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "io/net/child.h"
#include "io/net/clock.h"
#include "io/notify/mail.h"

namespace pawl::node {
namespace {

constexpr Duration command_within = Duration::seconds(30);
constexpr std::size_t message_id_bytes = 16;

using notify::Attempt;
using notify::Notice;

Attempt refused_because(std::string why) {
  return {Attempt::End::refused, std::move(why), {}};
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "pawl";
}

std::vector<std::string> inherited_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

// What a program that is run for a notice gets to know.
std::vector<std::string> environment_for(const Notice& notice) {
  std::vector<std::string> environment = inherited_environment();
  environment.push_back("PAWL_EVENT=" + notice.event);
  environment.push_back("PAWL_RUN_ID=" + notice.run);
  environment.push_back("PAWL_NOTICE_ID=" + notice.id);
  const std::string text = escape_untrusted(notice.sentence);
  const bool asks = notice.kind == Notice::Kind::question;
  environment.push_back("PAWL_TEXT=" +
                        (asks ? fmt::format("waiting for a person: {} · {} · pawl approvals show "
                                            "{}",
                                            notice.id, text, notice.id)
                              : text));
  return environment;
}

// Waits for a notifier's program, and ends it when it takes too long. What fails now may work in a
// while: the program may be about to be installed, and what it talks to may be down.
Task<Attempt> run_program(net::Loop& loop, net::ChildSpec spec) {
  auto started = net::start(spec);
  if (!started) co_return Attempt{Attempt::End::again, started.error().message, {}};
  net::Child child(loop, std::move(*started));
  const auto deadline = loop.after(command_within, [&child] { child.kill(); });
  const net::Exit exit = co_await child.ended();
  if (exit.success()) co_return Attempt{Attempt::End::told, {}, {}};
  co_return Attempt{Attempt::End::again, net::to_string(exit), {}};
}

Attempt secret_unread(const Error& error) {
  return {Attempt::End::again, "its secret cannot be read: " + error.message, {}};
}

}  // namespace

std::string Notifiers::beside(const std::string& file) const {
  return file.empty() ? std::string() : (std::filesystem::path(directory_) / file).string();
}

void Notifiers::use(const Deployment& deployment, const std::string& directory) {
  deployment_ = deployment;
  directory_ = directory;
  clients_.clear();
  const Notices& notices = deployment_.notices;
  std::vector<std::string> wanted;
  if (notices.slack) wanted.emplace_back("slack");
  if (notices.pagerduty) wanted.emplace_back("pagerduty");
  if (notices.mail) wanted.emplace_back("mail");
  for (const auto& [name, hook] : notices.webhooks) wanted.push_back("webhook:" + name);
  for (const std::string& name : wanted) way(name);
  // Those that are a way once something went there.
  wanted.emplace_back("command");
  if (notices.desktop == Notices::Desktop::automatic) wanted.emplace_back("desktop");
  std::erase_if(ways_, [&wanted](const auto& one) {
    return std::ranges::find(wanted, one.first) == wanted.end();
  });
}

std::shared_ptr<http::Client> Notifiers::client_of(const ReachedHost& at) {
  const bool bare = at.host.find(':') == std::string::npos;
  const std::string where =
      fmt::format("{}{}{}:{}", bare ? "" : "[", at.host, bare ? "" : "]", at.port);
  std::shared_ptr<http::Client>& client =
      clients_[where + (at.own_network ? " private " : " ") + at.ca];
  if (client) return client;
  http::ClientOptions options;
  (at.own_network ? options.reach.private_hosts : options.reach.hosts) = {where};
  options.ca_file = beside(at.ca);
  options.user_agent = "pawl/" PAWL_VERSION;
  options.connections_max = 8;
  client = std::make_shared<http::Client>(loop_, std::move(options));
  return client;
}

notify::Messenger& Notifiers::way(const std::string& name) {
  const auto known = ways_.find(name);
  if (known != ways_.end()) return known->second;
  notify::Messenger made(loop_, name, {}, [this, name](bool dead, const std::string& why) {
    if (tell_) tell_(name, dead, why);
  });
  return ways_.emplace(name, std::move(made)).first->second;
}

void Notifiers::send(const std::string& via, const Notice& notice, Done done) {
  if (const Status reaches = deployment_.check_way_to(via); !reaches) {
    return done(refused_because(reaches.error().message));
  }
  const Way to = *parse_way(via);
  if (to.kind == "slack") {
    const bool person = to.goal.starts_with('@');
    return slack(person ? deployment_.people.find(to.goal.substr(1))->second.slack : to.goal,
                 notice, std::move(done));
  }
  if (to.kind == "pagerduty") return pagerduty(to.goal, notice, std::move(done));
  if (to.kind == "webhook") return webhook(to.goal, notice, std::move(done));
  if (to.kind == "mail") return mail(to.goal, notice, std::move(done));
  command({"/bin/sh", "-c", to.goal}, notice, std::move(done));
}

void Notifiers::question(const Notice& notice) {
  const Notices& notices = deployment_.notices;
  if (notices.slack && !notices.slack->channel.empty()) slack(notices.slack->channel, notice, {});
  for (const auto& [name, hook] : notices.webhooks) {
    if (hook.questions) webhook(name, notice, {});
  }
  if (notices.mail) {
    for (const std::string& to : notices.mail->to) mail(to, notice, {});
  }
  if (!notices.command.empty()) command(notices.command, notice, {});
}

void Notifiers::escalation(const Notice& notice) {
  for (const auto& [name, hook] : deployment_.notices.webhooks) {
    if (hook.questions) webhook(name, notice, {});
  }
  const auto& words = deployment_.notices.command;
  if (!words.empty()) command(words, notice, {});
}

void Notifiers::slack(const std::string& channel, const Notice& notice, Done done) {
  const SlackNotices& slack = *deployment_.notices.slack;
  notify::SlackButtons buttons;
  buttons.approve = slack.approve_reversible && !notice.shown.empty();
  buttons.acknowledge = slack.signing.given() && notice.kind == Notice::Kind::escalation;
  const auto attempt = [client = client_of(slack.at), broker = broker_, source = slack.token,
                        url = slack.at.url, channel, notice, buttons]() -> Task<Attempt> {
    auto token = co_await broker->secret(source);
    if (!token) co_return secret_unread(token.error());
    co_return notify::slack_answered(
        co_await client->fetch(notify::slack_message(url, *token, channel, notice, buttons)));
  };
  way("slack").send({attempt, std::move(done)});
}

void Notifiers::slack_line(const std::string& channel, const std::string& thread,
                           const std::string& sentence) {
  if (!deployment_.notices.slack || channel.empty()) return;
  const SlackNotices& slack = *deployment_.notices.slack;
  const auto attempt = [client = client_of(slack.at), broker = broker_, source = slack.token,
                        url = slack.at.url, channel, thread, sentence]() -> Task<Attempt> {
    auto token = co_await broker->secret(source);
    if (!token) co_return secret_unread(token.error());
    co_return notify::slack_answered(
        co_await client->fetch(notify::slack_line(url, *token, channel, thread, sentence)));
  };
  way("slack").send({attempt, {}});
}

Task<Result<secrets::Credential>> Notifiers::signing_secret() {
  if (!deployment_.notices.slack || !deployment_.notices.slack->signing.given()) {
    co_return fail(ErrorKind::refused, "the deployment has no `signing_secret` of Slack's");
  }
  co_return co_await broker_->secret(deployment_.notices.slack->signing);
}

void Notifiers::webhook(const std::string& name, const Notice& notice, Done done) {
  const WebhookNotices& hook = deployment_.notices.webhooks.find(name)->second;
  // One id for all attempts: who gets it twice knows that it is the same.
  const std::string id = "msg_" + hex(random_bytes(message_id_bytes));
  const auto attempt = [client = client_of(hook.at), broker = broker_, source = hook.secret,
                        url = hook.at.url, id, notice]() -> Task<Attempt> {
    auto secret = co_await broker->secret(source);
    if (!secret) co_return secret_unread(secret.error());
    auto ask = notify::webhook_message(url, *secret, id, net::wall_time(), notice);
    if (!ask) co_return refused_because(ask.error().message);
    co_return notify::webhook_answered(co_await client->fetch(std::move(*ask)));
  };
  way("webhook:" + name).send({attempt, std::move(done)});
}

void Notifiers::pagerduty(const std::string& service, const Notice& notice, Done done) {
  const PagerDutyNotices& duty = *deployment_.notices.pagerduty;
  const auto attempt = [client = client_of(duty.at), broker = broker_,
                        source = duty.keys.find(service)->second, url = duty.at.url,
                        notice]() -> Task<Attempt> {
    auto key = co_await broker->secret(source);
    if (!key) co_return secret_unread(key.error());
    co_return notify::pagerduty_answered(
        co_await client->fetch(notify::pagerduty_message(url, *key, host_name(), notice)));
  };
  way("pagerduty").send({attempt, std::move(done)});
}

void Notifiers::mail(const std::string& to, const Notice& notice, Done done) {
  const MailNotices& mail = *deployment_.notices.mail;
  const std::string id = hex(random_bytes(message_id_bytes)) + "@" + host_name();
  const auto attempt = [this, mail, to, id, notice]() -> Task<Attempt> {
    notify::MailOrder order;
    order.tls_from_start = mail.tls_from_start;
    order.host = mail.at.host;
    order.port = mail.at.port;
    order.ca_file = beside(mail.at.ca);
    const bool bare = mail.at.host.find(':') == std::string::npos;
    const std::string where =
        fmt::format("{}{}{}:{}", bare ? "" : "[", mail.at.host, bare ? "" : "]", mail.at.port);
    (mail.at.own_network ? order.reach.private_hosts : order.reach.hosts) = {where};
    order.user = mail.user;
    if (mail.password.given()) {
      auto password = co_await broker_->secret(mail.password);
      if (!password) co_return secret_unread(password.error());
      order.password = std::move(*password);
    }
    order.from = mail.from;
    order.to = to;
    order.text = notify::mail_message({mail.from, to, id, net::wall_time()}, notice);
    co_return co_await notify::send_mail(loop_, std::move(order));
  };
  way("mail").send({attempt, std::move(done)});
}

void Notifiers::command(std::vector<std::string> words, const Notice& notice, Done done) {
  net::ChildSpec spec;
  spec.command = std::move(words);
  spec.environment = environment_for(notice);
  spec.error_output = net::ErrorOutput::inherit;
  const auto attempt = [&loop = loop_, spec] { return run_program(loop, spec); };
  way("command").send({attempt, std::move(done)});
}

void Notifiers::desktop(const std::string& title, const std::string& sentence) {
  // The agent's words never get here: the sentence is ours, and its parts are made visible.
  const bool wanted = deployment_.notices.desktop == Notices::Desktop::automatic;
  if (!wanted || std::getenv("DBUS_SESSION_BUS_ADDRESS") == nullptr) return;
  net::ChildSpec spec;
  spec.command = {"notify-send", "--app-name=pawl", "--", title, notify::neutral(sentence)};
  spec.environment = inherited_environment();
  spec.error_output = net::ErrorOutput::discard;
  const auto attempt = [&loop = loop_, spec] { return run_program(loop, spec); };
  way("desktop").send({attempt, {}});
}

std::vector<WayNow> Notifiers::now() const {
  std::vector<WayNow> all;
  for (const auto& [name, way] : ways_) {
    all.push_back({name, way.dead(), way.told(), way.failed(), way.waiting()});
  }
  return all;
}

std::uint64_t Notifiers::waiting() const {
  std::uint64_t all = 0;
  for (const auto& [name, way] : ways_) all += way.waiting();
  return all;
}

}  // namespace pawl::node
