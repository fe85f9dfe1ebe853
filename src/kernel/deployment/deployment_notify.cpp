// Notices of the deployment file: who hears of what, by which way, and with which secrets.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/deployment/deployment_read.h"
#include "kernel/deployment/web_address.h"

namespace pawl {
namespace {

constexpr const char* slack_api = "https://slack.com/api/";
constexpr const char* pagerduty_events = "https://events.pagerduty.com/v2/enqueue";
constexpr std::uint16_t port_of_smtps = 465;
constexpr std::uint16_t port_of_submission = 587;

// One address, as it stands between the angle brackets of a mail: what every reader reads alike.
bool is_mail_address(std::string_view text) {
  constexpr std::string_view permitted =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+@";
  const std::size_t at = text.find('@');
  return text.size() <= 254 && at != text.npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == text.npos && text.find_first_not_of(permitted) == text.npos;
}

// An id of an account or a channel (`U024BE7LH`), or the name of a channel (`#incidents`).
bool is_slack_id(std::string_view text) {
  return text.size() >= 3 && text.size() <= 32 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == text.npos;
}
bool is_slack_channel(std::string_view text) {
  if (!text.starts_with('#')) return is_slack_id(text);
  return text.size() >= 2 && text.size() <= 81 &&
         text.substr(1).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == text.npos;
}

void read_slack_channel(DeploymentBuild& build, SlackNotices& slack, const yaml::Entry& key) {
  text<&SlackNotices::channel>(build, slack, key);
  if (slack.channel.empty() || is_slack_channel(slack.channel)) return;
  build.reading.mistake(key.value.at,
                        fmt::format("`{}` is not a channel: expected `#name` or an id such "
                                    "as `C024BE91L`",
                                    escape_untrusted(slack.channel)));
}

void read_slack_approve(DeploymentBuild& build, SlackNotices& slack, const yaml::Entry& key) {
  for (const Placed& one : build.reading.texts(key.value, key.key)) {
    if (one.text == "reversible") {
      slack.approve_reversible = true;
    } else {
      build.reading.mistake(one.at,
                            fmt::format("`{}` cannot be approved in Slack: expected `reversible`; "
                                        "for anything else the notice leads to where people sign "
                                        "in",
                                        escape_untrusted(one.text)));
    }
  }
}

constexpr std::string_view kSigningSecret = "signing_secret";
constexpr std::string_view kApprove = "approve";

constexpr auto kSlackKeys = section_keys<DeploymentBuild, SlackNotices>(
    Section::notify_slack,
    {
        {"token", mapping(Section::secret_source), "required", 0, "The bot's token: its source.",
         source<&SlackNotices::token>},
        {"channel", "text", "none", 0, "Where approval requests are posted: `#name`, or an id.",
         read_slack_channel},
        {kSigningSecret, mapping(Section::secret_source), "no buttons", 0,
         "The app's signing secret: its source. With it `pawl serve` takes what Slack posts back "
         "at "
         "`/notify/slack`.",
         source<&SlackNotices::signing>},
        {kApprove, "list of `reversible`", "nothing", 10,
         "What may be approved by a button in Slack: calls of a reversible class that need nothing "
         "typed.",
         read_slack_approve},
        {"mode", "text", "", 0, "Socket mode."},
        {"app", "text", "", 0, "The app's token for socket mode."},
        {kUrl, "text", "`https://slack.com/api/`", 0, "The address of the Web API.",
         url<&SlackNotices::at>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&SlackNotices::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&SlackNotices::at, &ReachedHost::ca>},
    });

void read_slack(DeploymentBuild& build, Notices& into, const yaml::Entry& entry) {
  SlackNotices slack;
  take_url(slack_api, slack.at);
  read_section(build, entry.value, kSlackKeys, slack);
  if (entry.value.entry(kUrl) != nullptr) check_way(build, entry.value, kUrl, slack.at);
  if (!slack.at.url.ends_with('/')) slack.at.url += '/';
  const yaml::Entry* approve = entry.value.entry(kApprove);
  if (approve != nullptr && entry.value.entry(kSigningSecret) == nullptr) {
    build.reading.mistake(approve->key_at,
                          "`approve` needs `signing_secret`: without it the sender of an answer "
                          "cannot be proved to be Slack");
  }
  into.slack = std::move(slack);
}

constexpr auto kWebhookKeys = section_keys<DeploymentBuild, WebhookNotices>(
    Section::notify_webhook,
    {
        {kUrl, "text", "required", 0, "Where notices are posted: `https://HOST/PATH`.",
         url<&WebhookNotices::at>},
        {"secret", mapping(Section::secret_source), "required", 0,
         "What signs them, `whsec_` and base64: its source.", source<&WebhookNotices::secret>},
        {"questions", "true or false", "true", 0,
         "Whether it gets approval requests and what escalates; else only what its name as a "
         "contact "
         "brings.",
         boolean<&WebhookNotices::questions>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&WebhookNotices::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&WebhookNotices::at, &ReachedHost::ca>},
    });

void read_webhook(DeploymentBuild& build, Notices& into, const yaml::Entry& entry) {
  WebhookNotices hook;
  const bool named_well = build.named(entry, "webhook");
  read_section(build, entry.value, kWebhookKeys, hook);
  check_way(build, entry.value, kUrl, hook.at);
  if (named_well) into.webhooks[entry.key] = std::move(hook);
}

void read_service(DeploymentBuild& build, PagerDutyNotices& into, const yaml::Entry& service) {
  if (build.named(service, "service")) read_source(build, service, into.keys[service.key]);
}

constexpr auto kPagerDutyKeys = section_keys<DeploymentBuild, PagerDutyNotices>(
    Section::notify_pagerduty,
    {
        {"services", names_of(Section::secret_source, "mapping of names"), "required", 0,
         "Integration keys by the names that `via: \"pagerduty:NAME\"` has: their sources.",
         each_name<read_service>},
        {kUrl, "text", "`https://events.pagerduty.com/v2/enqueue`", 0,
         "The address of the Events API.", url<&PagerDutyNotices::at>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&PagerDutyNotices::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&PagerDutyNotices::at, &ReachedHost::ca>},
    });

void read_pagerduty(DeploymentBuild& build, Notices& into, const yaml::Entry& entry) {
  PagerDutyNotices duty;
  take_url(pagerduty_events, duty.at);
  read_section(build, entry.value, kPagerDutyKeys, duty);
  if (entry.value.entry(kUrl) != nullptr) check_way(build, entry.value, kUrl, duty.at);
  into.pagerduty = std::move(duty);
}

std::string read_mail_address(DeploymentBuild& build, Placed address) {
  if (is_mail_address(address.text)) return std::move(address.text);
  build.reading.mistake(address.at,
                        fmt::format("`{}` is not a mail address such as `ada@acme.example`",
                                    escape_untrusted(address.text)));
  return {};
}

// `smtps://HOST[:PORT]`: encrypted from the first byte; `smtp://`: by STARTTLS, and not without.
void read_mail_server(DeploymentBuild& build, MailNotices& mail, const yaml::Entry& key) {
  const std::string text = build.reading.text(key.value, key.key).value_or("");
  if (text.empty()) return;
  mail.tls_from_start = text.starts_with("smtps://");
  const std::size_t scheme = text.find("://");
  const bool known = mail.tls_from_start || text.starts_with("smtp://");
  const std::string rest = known ? text.substr(scheme + 3) : std::string();
  const bool whole = rest.find_first_of("/?") == std::string::npos;
  if (!known || !whole || !take_url("https://" + rest, mail.at)) {
    build.reading.mistake(
        key.value.at,
        "this is not a mail server: expected `smtps://HOST` or `smtp://HOST`, with "
        "a port where it is not the usual one");
    return;
  }
  if (rest.find(':') == std::string::npos || rest.ends_with(']')) {
    mail.at.port = mail.tls_from_start ? port_of_smtps : port_of_submission;
  }
  const auto address = parse_web_address("https://" + rest);
  if (address && (address->numeric() || address->here())) mail.at.own_network = true;
  mail.at.url = text;
}

void read_sender(DeploymentBuild& build, MailNotices& mail, const yaml::Entry& key) {
  const std::string from = build.reading.text(key.value, key.key).value_or("");
  if (!from.empty()) mail.from = read_mail_address(build, {from, key.value.at});
}

void read_recipients(DeploymentBuild& build, MailNotices& mail, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    mail.to.push_back(read_mail_address(build, std::move(one)));
  }
}

constexpr std::string_view kUser = "user";
constexpr std::string_view kPassword = "password";

constexpr auto kMailKeys = section_keys<DeploymentBuild, MailNotices>(
    Section::notify_mail,
    {
        {"server", "text", "required", 0,
         "`smtps://HOST`, encrypted from the first byte, or `smtp://HOST`, by STARTTLS and never "
         "without.",
         read_mail_server},
        {"from", "text", "required", 0, "The sender's address.", read_sender},
        {"to", "list of texts", "no one", 0, "Addresses that hear of approval requests.",
         read_recipients},
        {kUser, "text", "none", 0, "Who pawl is at the mail server.", text<&MailNotices::user>},
        {kPassword, mapping(Section::secret_source), "none", 0, "The user's password: its source.",
         source<&MailNotices::password>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&MailNotices::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&MailNotices::at, &ReachedHost::ca>},
    });

void read_mail(DeploymentBuild& build, Notices& into, const yaml::Entry& entry) {
  MailNotices mail;
  read_section(build, entry.value, kMailKeys, mail);
  const bool user = entry.value.entry(kUser) != nullptr;
  if (user != (entry.value.entry(kPassword) != nullptr)) {
    build.reading.mistake(entry.value.at, "`user` and `password` stand together");
  }
  into.mail = std::move(mail);
}

constexpr LengthBetween kContactAfter{Duration{}, limits::contact_after_max};

constexpr auto kNoticeContactKeys = section_keys<DeploymentBuild, Contact>(
    Section::notify_contact,
    {
        {"name", "text", "required", 0, "The person.", text<&Contact::name>},
        {"via", "text", "required", 0,
         "How: `pagerduty:SERVICE`, `slack:@PERSON`, `slack:#CHANNEL`, `webhook:NAME`, "
         "`mail:ADDRESS` or `command: LINE`, by what `notify` has.",
         text<&Contact::via>},
        {"after", "duration", "0s", 0, "How long after the event.",
         duration<kContactAfter, &Contact::after>},
    });

void read_notice_contact(DeploymentBuild& build, Notices& into, const yaml::Node& node) {
  Contact contact;
  contact.at = node.at;
  if (read_section(build, node, kNoticeContactKeys, contact)) {
    into.contacts.push_back(std::move(contact));
  }
}

// Where people answer; notices lead there. No path may follow that a reader could take for another
// one.
void read_link(DeploymentBuild& build, Notices& into, const yaml::Entry& key) {
  const std::string text = build.reading.text(key.value, key.key).value_or("");
  const auto address = parse_web_address(text);
  if (text.empty()) return;
  if (!address || text.find('?') != std::string::npos || text.ends_with('/')) {
    build.reading.mistake(
        key.value.at,
        "this is not an address of a console: expected `https://HOST`, without `/` "
        "at its end and without `?`");
  } else if (!address->encrypted && !address->here()) {
    build.reading.mistake(key.value.at, "people sign in there: expected `https`");
  } else {
    into.link = text;
  }
}

void read_desktop(DeploymentBuild& build, Notices& into, const yaml::Entry& key) {
  const auto word = build.reading.word(key.value, key.key, {"auto", "off"});
  into.desktop = word == 1U ? Notices::Desktop::off : Notices::Desktop::automatic;
}

constexpr LengthBetween kAcknowledge{Duration::seconds(1), limits::contact_after_max};

constexpr auto kNotifyKeys = section_keys<DeploymentBuild, Notices>(
    Section::notify,
    {
        {"desktop", "`auto` or `off`", "auto", 0, "A notification where there is a desktop.",
         read_desktop},
        {"command", "list of words", "none", 0, "A program that is run for every notice.",
         words<&Notices::command>},
        {"link", "text", "none", 0,
         "Where people answer: `https://HOST`. Notices lead to `LINK/#/queue/ID`.", read_link},
        {"contacts", list_of(Section::notify_contact), "no one", 0,
         "Who is told of what belongs to no run, and of runs whose policy names no one.",
         each_item<read_notice_contact>},
        {"acknowledge_within", "duration", "15m", 0,
         "How long after its last contact an escalation counts as unanswered: then the node says "
         "that "
         "it is not ready.",
         duration<kAcknowledge, &Notices::acknowledge_within>},
        {"slack", mapping(Section::notify_slack), "none", 0, "Messages in Slack.", read_slack},
        {"webhooks", names_of(Section::notify_webhook, "mapping of names"), "none", 0,
         "Addresses that get every notice, signed as Standard Webhooks says.",
         each_name<read_webhook>},
        {"pagerduty", mapping(Section::notify_pagerduty), "none", 0,
         "Incidents of PagerDuty, by its Events API v2.", read_pagerduty},
        {"mail", mapping(Section::notify_mail), "none", 0, "Mail over SMTP.", read_mail},
    });

constexpr LengthBetween kDrillEvery{Duration::seconds(3600), Duration::seconds(366LL * 86'400)};

constexpr auto kDrillKeys = section_keys<DeploymentBuild, DrillPlan>(
    Section::drill,
    {
        {"role", "text", "required", 0, "The role whose run `pawl drill` opens and kills.",
         text<&DrillPlan::role>},
        {"every", "duration", "required", 0,
         "`pawl check` of this file fails when the last drill that passed is older: `30d`.",
         duration<kDrillEvery, &DrillPlan::every>},
    });

}  // namespace

void list_notify_keys(std::vector<Key>& into) {
  kNotifyKeys.list(into);
  kSlackKeys.list(into);
  kWebhookKeys.list(into);
  kPagerDutyKeys.list(into);
  kMailKeys.list(into);
  kNoticeContactKeys.list(into);
  kDrillKeys.list(into);
}

void read_notify(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  read_section(build, entry.value, kNotifyKeys, into.notices);
}

void read_drill(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  DrillPlan plan;
  plan.at = entry.key_at;
  read_section(build, entry.value, kDrillKeys, plan);
  into.drill = std::move(plan);
}

// After people and roles.
void check_notify(DeploymentBuild& build) {
  const Deployment& into = build.into;
  for (const Contact& contact : into.notices.contacts) {
    if (contact.via.empty()) continue;
    if (const Status way = into.check_way_to(contact.via); !way) {
      build.reading.mistake(contact.at, way.error().message);
    }
  }
  std::map<std::string, std::string> accounts;
  for (const auto& [name, person] : into.people) {
    if (person.slack.empty()) continue;
    if (!is_slack_id(person.slack)) {
      build.reading.mistake(person.at,
                            fmt::format("`{}` is not an account of Slack's: expected an id "
                                        "such as `U024BE7LH`",
                                        escape_untrusted(person.slack)));
    }
    const auto [other, fresh] = accounts.emplace(person.slack, name);
    if (!fresh) {
      build.reading.mistake(person.at,
                            fmt::format("`{}` and `{}` have the same account of Slack's",
                                        escape_untrusted(other->second), escape_untrusted(name)));
    }
  }
  if (into.drill && !into.drill->role.empty() && !into.roles.contains(into.drill->role)) {
    std::vector<std::string> roles;
    for (const auto& [name, role] : into.roles) roles.push_back(name);
    build.unknown({into.drill->role, into.drill->at}, "role", roles);
  }
}

std::string Deployment::person_of_slack(std::string_view account) const {
  if (account.empty()) return {};
  for (const auto& [name, person] : people) {
    if (person.slack == account) return name;
  }
  return {};
}

Status Deployment::check_way_to(std::string_view via) const {
  const auto refused = [&via](std::string_view why) -> Status {
    return fail(ErrorKind::refused,
                fmt::format("`{}` reaches no one: {}", escape_untrusted(via), why));
  };
  const auto way = parse_way(via);
  if (!way) {
    return refused(
        "expected `slack:GOAL`, `pagerduty:SERVICE`, `webhook:NAME`, `mail:ADDRESS` or "
        "`command: LINE`");
  }
  if (way->kind == "slack") {
    if (!notices.slack) return refused("the deployment has no `notify.slack`");
    if (!way->goal.starts_with('@')) {
      return is_slack_channel(way->goal) ? Status{}
                                         : refused("that is neither a channel nor an account");
    }
    const auto person = people.find(std::string_view(way->goal).substr(1));
    if (person == people.end()) return refused("the deployment has no such person");
    return person->second.slack.empty() ? refused("that person has no `slack`") : Status{};
  }
  if (way->kind == "pagerduty") {
    const bool has = notices.pagerduty && notices.pagerduty->keys.contains(way->goal);
    return has ? Status{} : refused("`notify.pagerduty.services` has no such service");
  }
  if (way->kind == "webhook") {
    return notices.webhooks.contains(way->goal)
               ? Status{}
               : refused("`notify.webhooks` has none of that name");
  }
  if (way->kind == "mail") {
    if (!notices.mail) return refused("the deployment has no `notify.mail`");
    return is_mail_address(way->goal) ? Status{} : refused("that is not a mail address");
  }
  return {};
}

}  // namespace pawl
