#include "io/notify/messages.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::notify {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t signing_key_bytes_min = 16;
constexpr std::size_t dedup_bytes_max = 255;
constexpr Duration wait_max = Duration::seconds(300);

http::Ask json_post(const std::string& url, std::string body) {
  http::Ask ask;
  ask.method = "POST";
  ask.url = url;
  ask.headers.add("content-type", "application/json; charset=utf-8");
  ask.body = std::move(body);
  ask.body_bytes_max = answer_bytes_max;
  ask.deadline = post_deadline;
  return ask;
}

Duration asked_wait(const http::Answer& answer) {
  const std::string_view field = answer.headers.find("retry-after").value_or("");
  std::int64_t seconds = 0;
  const auto [end, wrong] = std::from_chars(field.data(), field.data() + field.size(), seconds);
  if (wrong != std::errc() || end != field.data() + field.size() || seconds < 0) return {};
  return std::min(Duration::seconds(std::min<std::int64_t>(seconds, 3600)), wait_max);
}

// What a status alone says; `told` stands for 2xx.
Attempt by_status(const Result<http::Answer>& answer) {
  if (!answer) {
    const bool never =
        answer.error().fault == ErrorKind::refused || answer.error().fault == ErrorKind::invalid;
    return {never ? Attempt::End::refused : Attempt::End::again, answer.error().message, {}};
  }
  const int status = answer->status;
  if (status >= 200 && status <= 299) return {Attempt::End::told, {}, {}};
  const std::string why = fmt::format("it answered {}", status);
  const bool later = status == 408 || status == 429 || status >= 500;
  return {later ? Attempt::End::again : Attempt::End::refused, why, asked_wait(*answer)};
}

void plain_block(json::Writer& out, std::string_view text) {
  out.object().key("text").object().key("emoji").boolean(false);
  out.key("text").string(text).key("type").string("plain_text").end();
  out.key("type").string("section").end();
}

void button(json::Writer& out, std::string_view action, std::string_view label,
            const std::string& value) {
  out.object().key("action_id").string(action);
  out.key("text").object().key("text").string(label).key("type").string("plain_text").end();
  out.key("type").string("button").key("value").string(value).end();
}

void slack_actions(json::Writer& out, const Notice& notice, SlackButtons buttons) {
  const std::string value = notice.shown.empty() ? notice.id : notice.id + " " + notice.shown;
  const bool links = !notice.link.empty() && notice.kind == Notice::Kind::question;
  if (!buttons.approve && !buttons.acknowledge && !links) return;
  out.object().key("elements").array();
  if (buttons.approve) {
    button(out, "pawl_approve", "Approve", value);
    button(out, "pawl_reject", "Deny", value);
  }
  if (buttons.acknowledge) button(out, "pawl_acknowledge", "Acknowledge", value);
  if (links) {
    out.object().key("action_id").string("pawl_open");
    out.key("text").object().key("text").string("Sign in and look");
    out.key("type").string("plain_text").end();
    out.key("type").string("button").key("url").string(notice.link + "/#/queue/" + notice.id);
    out.end();
  }
  out.end().key("type").string("actions").end();
}

}  // namespace

http::Ask slack_message(const std::string& url, const secrets::Credential& token,
                        const std::string& channel, const Notice& notice, SlackButtons buttons) {
  const std::string title = slack_text(title_of(notice));
  json::Writer out;
  out.object().key("blocks").array();
  plain_block(out, title);
  plain_block(out, slack_text(plain_text(notice), 2900));
  if (buttons.approve) {
    std::string values;
    for (const ShownValue& one : notice.values) {
      values += slack_text(one.name, 256) + ": " + slack_text(one.text, shown_bytes_max) + "\n";
    }
    if (!values.empty()) plain_block(out, values);
  }
  slack_actions(out, notice, buttons);
  out.end().key("channel").string(channel).key("link_names").boolean(false);
  out.key("mrkdwn").boolean(false).key("parse").string("none");
  out.key("text").string(title + ": " + slack_text(notice.sentence));
  out.key("unfurl_links").boolean(false).key("unfurl_media").boolean(false).end();
  http::Ask ask = json_post(url + "chat.postMessage", out.take());
  std::string bearer = "Bearer " + std::string(token.bytes());
  ask.headers.add("authorization", bearer);
  secrets::wipe(bearer);
  return ask;
}

http::Ask slack_line(const std::string& url, const secrets::Credential& token,
                     const std::string& channel, const std::string& thread,
                     const std::string& sentence) {
  json::Writer out;
  out.object().key("channel").string(channel).key("link_names").boolean(false);
  out.key("mrkdwn").boolean(false).key("parse").string("none");
  out.key("text").string(slack_text(sentence)).key("thread_ts").string(thread);
  out.key("unfurl_links").boolean(false).end();
  http::Ask ask = json_post(url + "chat.postMessage", out.take());
  std::string bearer = "Bearer " + std::string(token.bytes());
  ask.headers.add("authorization", bearer);
  secrets::wipe(bearer);
  return ask;
}

Attempt slack_answered(const Result<http::Answer>& answer) {
  Attempt attempt = by_status(answer);
  if (attempt.end != Attempt::End::told) return attempt;
  const auto document = json::parse(answer->body);
  if (!document || !document->root().is_object()) {
    return {Attempt::End::refused, "it did not answer as Slack does", {}};
  }
  const json::View ok = document->root()["ok"];
  if (ok.kind() == json::Kind::boolean && ok.boolean()) return attempt;
  const std::string error =
      escape_untrusted(document->root().text("error").value_or("").substr(0, 64));
  const bool later = error == "ratelimited" || error == "internal_error" ||
                     error == "fatal_error" || error == "service_unavailable";
  return {later ? Attempt::End::again : Attempt::End::refused, "it said `" + error + "`",
          asked_wait(*answer)};
}

Result<http::Ask> signed_post(const std::string& url, const secrets::Credential& secret,
                              const std::string& message_id, Instant now, std::string body) {
  const std::string_view text = secret.bytes();
  std::string key;
  if (!text.starts_with(secret_prefix) || !unbase64(text.substr(secret_prefix.size()), key) ||
      key.size() < signing_key_bytes_min) {
    secrets::wipe(key);
    return fail(ErrorKind::invalid,
                "the secret of a webhook is `whsec_` and at least 16 bytes in "
                "base64");
  }
  http::Ask ask = json_post(url, std::move(body));
  const std::string seconds = fmt::format("{}", now.ns / 1'000'000'000);
  const Digest mac = hmac_sha256(key, message_id + "." + seconds + "." + ask.body);
  secrets::wipe(key);
  ask.headers.add("webhook-id", message_id);
  ask.headers.add("webhook-timestamp", seconds);
  ask.headers.add("webhook-signature", "v1," + base64(bytes_of(mac)));
  return ask;
}

Result<http::Ask> webhook_message(const std::string& url, const secrets::Credential& secret,
                                  const std::string& message_id, Instant now,
                                  const Notice& notice) {
  json::Writer out;
  out.object().key("data").object();
  if (!notice.contact.empty()) out.key("contact").string(neutral(notice.contact, 128));
  out.key("event").string(neutral(notice.event, 64)).key("id").string(notice.id);
  if (!notice.link.empty() && notice.kind == Notice::Kind::question) {
    out.key("link").string(notice.link + "/#/queue/" + notice.id);
  }
  out.key("run").string(notice.run).key("text").string(neutral(notice.sentence)).end();
  out.key("timestamp").string(to_string(notice.at));
  out.key("type").string(fmt::format("pawl.{}", to_string(notice.kind))).end();
  return signed_post(url, secret, message_id, now, out.take());
}

Attempt webhook_answered(const Result<http::Answer>& answer) {
  return by_status(answer);
}

http::Ask pagerduty_message(const std::string& url, const secrets::Credential& key,
                            const std::string& source, const Notice& notice) {
  json::Writer out;
  out.object().key("client").string("pawl");
  const std::string dedup = (notice.id.empty() ? notice.event + " " + notice.run : notice.id);
  out.key("dedup_key").string("pawl " + neutral(dedup, dedup_bytes_max - 16));
  const bool trigger =
      notice.kind != Notice::Kind::acknowledged && notice.kind != Notice::Kind::resolved;
  out.key("event_action")
      .string(trigger                                     ? "trigger"
              : notice.kind == Notice::Kind::acknowledged ? "acknowledge"
                                                          : "resolve");
  if (trigger) {
    out.key("payload").object().key("component").string("pawl").key("custom_details").object();
    out.key("contact").string(neutral(notice.contact, 128)).key("run").string(notice.run);
    out.key("text").string(plain_text(notice)).end();
    const bool told = notice.kind == Notice::Kind::told;
    out.key("severity").string(told ? "info" : "critical").key("source").string(source);
    out.key("summary").string(neutral(notice.event + ": " + notice.sentence, 1000));
    out.key("timestamp").string(to_string(notice.at)).end();
  }
  out.key("routing_key").string(key.bytes()).end();
  return json_post(url, out.take());
}

Attempt pagerduty_answered(const Result<http::Answer>& answer) {
  return by_status(answer);
}

std::string mail_message(const MailText& mail, const Notice& notice) {
  const std::time_t seconds = mail.now.ns / 1'000'000'000;
  std::string out;
  const auto field = [&out](std::string_view name, std::string_view value) {
    out += fmt::format("{}: {}\r\n", name, value);
  };
  field("Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(seconds)));
  field("From", "pawl <" + mail.from + ">");
  field("To", "<" + mail.to + ">");
  field("Subject", mail_header(title_of(notice) + " · " + notice.sentence));
  field("Message-ID", "<" + mail.message_id + ">");
  field("Auto-Submitted", "auto-generated");
  field("MIME-Version", "1.0");
  field("Content-Type", "text/plain; charset=utf-8");
  field("Content-Transfer-Encoding", "base64");
  out += "\r\n";
  std::string lines;
  for (const char c : plain_text(notice))
    lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::string body = base64(lines);
  for (std::size_t at = 0; at < body.size(); at += 76) out += body.substr(at, 76) + "\r\n";
  return out;
}

}  // namespace pawl::notify
