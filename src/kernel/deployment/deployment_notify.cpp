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

void need(DeploymentBuild& build, const yaml::Node& node, Section section, std::string_view key) {
  build.reading.missing(node, section, key);
}

void read_slack_approve(DeploymentBuild& build, const yaml::Node& node, SlackNotices& slack) {
  for (const Placed& one : build.reading.texts(node, "approve")) {
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

void read_slack(DeploymentBuild& build, const yaml::Entry& entry) {
  SlackNotices slack;
  take_url(slack_api, slack.at);
  const bool read =
      build.reading.keys(entry.value, Section::notify_slack, [&](const yaml::Entry& key) {
        if (key.key == "token") {
          read_source(build, key, slack.token);
        } else if (key.key == "signing_secret") {
          read_source(build, key, slack.signing);
        } else if (key.key == "channel") {
          slack.channel = build.reading.text(key.value, "channel").value_or("");
          if (!slack.channel.empty() && !is_slack_channel(slack.channel)) {
            build.reading.mistake(key.value.at,
                                  fmt::format("`{}` is no channel: expected `#name` or an id such "
                                              "as `C024BE91L`",
                                              escape_untrusted(slack.channel)));
          }
        } else if (key.key == "approve") {
          read_slack_approve(build, key.value, slack);
        } else if (key.key == "url") {
          read_url(build, key.value, "url", slack.at);
        } else {
          return read_way(build, key, slack.at);
        }
        return true;
      });
  if (read) need(build, entry.value, Section::notify_slack, "token");
  if (entry.value.entry("url") != nullptr) check_way(build, entry.value, "url", slack.at);
  if (!slack.at.url.ends_with('/')) slack.at.url += '/';
  const yaml::Entry* approve = entry.value.entry("approve");
  if (approve != nullptr && entry.value.entry("signing_secret") == nullptr) {
    build.reading.mistake(approve->key_at,
                          "`approve` needs `signing_secret`: without it nobody can tell whether "
                          "Slack sent an answer");
  }
  build.into.notices.slack = std::move(slack);
}

void read_webhook(DeploymentBuild& build, const yaml::Entry& entry) {
  WebhookNotices hook;
  const bool named_well = build.named(entry, "webhook");
  const bool read =
      build.reading.keys(entry.value, Section::notify_webhook, [&](const yaml::Entry& key) {
        if (key.key == "url") {
          read_url(build, key.value, "url", hook.at);
        } else if (key.key == "secret") {
          read_source(build, key, hook.secret);
        } else if (key.key == "questions") {
          hook.questions = build.reading.boolean(key.value, "questions").value_or(true);
        } else {
          return read_way(build, key, hook.at);
        }
        return true;
      });
  if (read) {
    need(build, entry.value, Section::notify_webhook, "url");
    need(build, entry.value, Section::notify_webhook, "secret");
  }
  check_way(build, entry.value, "url", hook.at);
  if (named_well) build.into.notices.webhooks[entry.key] = std::move(hook);
}

void read_pagerduty(DeploymentBuild& build, const yaml::Entry& entry) {
  PagerDutyNotices duty;
  take_url(pagerduty_events, duty.at);
  const bool read =
      build.reading.keys(entry.value, Section::notify_pagerduty, [&](const yaml::Entry& key) {
        if (key.key == "services") {
          build.reading.names(key.value, "services", [&](const yaml::Entry& service) {
            if (build.named(service, "service")) {
              read_source(build, service, duty.keys[service.key]);
            }
          });
        } else if (key.key == "url") {
          read_url(build, key.value, "url", duty.at);
        } else {
          return read_way(build, key, duty.at);
        }
        return true;
      });
  if (read) need(build, entry.value, Section::notify_pagerduty, "services");
  if (entry.value.entry("url") != nullptr) check_way(build, entry.value, "url", duty.at);
  build.into.notices.pagerduty = std::move(duty);
}

std::string read_mail_address(DeploymentBuild& build, Placed address) {
  if (is_mail_address(address.text)) return std::move(address.text);
  build.reading.mistake(address.at,
                        fmt::format("`{}` is no mail address such as `ada@acme.example`",
                                    escape_untrusted(address.text)));
  return {};
}

// `smtps://HOST[:PORT]`: encrypted from the first byte; `smtp://`: by STARTTLS, and not without.
void read_mail_server(DeploymentBuild& build, const yaml::Node& node, MailNotices& mail) {
  const std::string text = build.reading.text(node, "server").value_or("");
  if (text.empty()) return;
  mail.tls_from_start = text.starts_with("smtps://");
  const std::size_t scheme = text.find("://");
  const bool known = mail.tls_from_start || text.starts_with("smtp://");
  const std::string rest = known ? text.substr(scheme + 3) : std::string();
  const bool whole = rest.find_first_of("/?") == std::string::npos;
  if (!known || !whole || !take_url("https://" + rest, mail.at)) {
    build.reading.mistake(node.at,
                          "this is no mail server: expected `smtps://HOST` or `smtp://HOST`, with "
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

void read_mail(DeploymentBuild& build, const yaml::Entry& entry) {
  MailNotices mail;
  const bool read =
      build.reading.keys(entry.value, Section::notify_mail, [&](const yaml::Entry& key) {
        if (key.key == "server") {
          read_mail_server(build, key.value, mail);
        } else if (key.key == "from") {
          const std::string from = build.reading.text(key.value, "from").value_or("");
          if (!from.empty()) mail.from = read_mail_address(build, {from, key.value.at});
        } else if (key.key == "to") {
          for (Placed& one : build.reading.texts(key.value, "to")) {
            mail.to.push_back(read_mail_address(build, std::move(one)));
          }
        } else if (key.key == "user") {
          mail.user = build.reading.text(key.value, "user").value_or("");
        } else if (key.key == "password") {
          read_source(build, key, mail.password);
        } else {
          return read_way(build, key, mail.at);
        }
        return true;
      });
  if (read) {
    need(build, entry.value, Section::notify_mail, "server");
    need(build, entry.value, Section::notify_mail, "from");
  }
  const bool user = entry.value.entry("user") != nullptr;
  const bool password = entry.value.entry("password") != nullptr;
  if (user != password) {
    build.reading.mistake(entry.value.at, "`user` and `password` stand together");
  }
  build.into.notices.mail = std::move(mail);
}

void read_notice_contact(DeploymentBuild& build, const yaml::Node& node) {
  Contact contact;
  contact.at = node.at;
  const bool read = build.reading.keys(node, Section::notify_contact, [&](const yaml::Entry& key) {
    if (key.key == "name") {
      contact.name = build.reading.text(key.value, "name").value_or("");
    } else if (key.key == "via") {
      contact.via = build.reading.text(key.value, "via").value_or("");
    } else if (key.key == "after") {
      contact.after =
          build.reading.duration(key.value, "after", {Duration{}, limits::contact_after_max})
              .value_or(Duration{});
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  need(build, node, Section::notify_contact, "name");
  need(build, node, Section::notify_contact, "via");
  build.into.notices.contacts.push_back(std::move(contact));
}

// Where people answer; notices lead there. No path may follow that somebody could read otherwise.
void read_link(DeploymentBuild& build, const yaml::Node& node) {
  const std::string text = build.reading.text(node, "link").value_or("");
  const auto address = parse_web_address(text);
  if (text.empty()) return;
  if (!address || text.find('?') != std::string::npos || text.ends_with('/')) {
    build.reading.mistake(node.at,
                          "this is no address of a console: expected `https://HOST`, without `/` "
                          "at its end and without `?`");
  } else if (!address->encrypted && !address->here()) {
    build.reading.mistake(node.at, "people sign in there: expected `https`");
  } else {
    build.into.notices.link = text;
  }
}

}  // namespace

void read_notify(DeploymentBuild& build, const yaml::Entry& entry) {
  Notices& notices = build.into.notices;
  build.reading.keys(entry.value, Section::notify, [&build, &notices](const yaml::Entry& key) {
    if (key.key == "desktop") {
      const auto word = build.reading.word(key.value, "desktop", {"auto", "off"});
      notices.desktop = word == 1U ? Notices::Desktop::off : Notices::Desktop::automatic;
    } else if (key.key == "command") {
      notices.command = build.words(key.value, "command");
    } else if (key.key == "link") {
      read_link(build, key.value);
    } else if (key.key == "slack") {
      read_slack(build, key);
    } else if (key.key == "webhooks") {
      build.reading.names(key.value, "webhooks",
                          [&build](const yaml::Entry& one) { read_webhook(build, one); });
    } else if (key.key == "pagerduty") {
      read_pagerduty(build, key);
    } else if (key.key == "mail") {
      read_mail(build, key);
    } else if (key.key == "contacts") {
      build.reading.items(key.value, "contacts",
                          [&](const yaml::Node& item) { read_notice_contact(build, item); });
    } else if (key.key == "acknowledge_within") {
      notices.acknowledge_within = build.reading
                                       .duration(key.value, "acknowledge_within",
                                                 {Duration::seconds(1), limits::contact_after_max})
                                       .value_or(notices.acknowledge_within);
    } else {
      return false;
    }
    return true;
  });
}

void read_drill(DeploymentBuild& build, const yaml::Entry& entry) {
  DrillPlan plan;
  plan.at = entry.key_at;
  const bool read = build.reading.keys(entry.value, Section::drill, [&](const yaml::Entry& key) {
    if (key.key == "role") {
      plan.role = build.reading.text(key.value, "role").value_or("");
    } else if (key.key == "every") {
      plan.every = build.reading
                       .duration(key.value, "every",
                                 {Duration::seconds(3600), Duration::seconds(366LL * 86'400)})
                       .value_or(Duration{});
    } else {
      return false;
    }
    return true;
  });
  if (read) {
    need(build, entry.value, Section::drill, "role");
    need(build, entry.value, Section::drill, "every");
  }
  build.into.drill = std::move(plan);
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
      build.reading.mistake(person.at, fmt::format("`{}` is no account of Slack's: expected an id "
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
                fmt::format("nobody can be reached by `{}`: {}", escape_untrusted(via), why));
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
      return is_slack_channel(way->goal) ? Status{} : refused("that is no channel and no account");
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
    return is_mail_address(way->goal) ? Status{} : refused("that is no mail address");
  }
  return {};
}

}  // namespace pawl
