#include "app/cli/audit_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/terminal/terminal.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pawl::app {
namespace {

constexpr std::size_t reason_bytes_max = 400;
constexpr std::string_view step = "  ";

std::string visible_part(json::View record, std::string_view name) {
  return escape_untrusted(record.text(name).value_or(""));
}

std::string full_tool(json::View record) {
  const std::string server = visible_part(record, "server");
  return server.empty() ? visible_part(record, "tool")
                        : server + "/" + visible_part(record, "tool");
}

Ink ink_of_word(std::string_view word) {
  if (word == "deny" || word == "denied" || word == "failed" || word == "indeterminate" ||
      word == "killed" || word == "halted") {
    return Ink::bad;
  }
  if (word == "hold" || word == "notify" || word == "cancelled" || word == "aborted" ||
      word == "expired" || word == "withdrawn") {
    return Ink::warn;
  }
  return word == "allow" || word == "approve" || word == "completed" ? Ink::good : Ink::plain;
}

std::string word(std::string_view recorded) {
  const std::string_view shown = word_for_people(recorded);
  return paint(ink_of_word(shown), fmt::format("{:<11}", shown));
}

std::string joined(std::initializer_list<std::string> parts) {
  std::string line;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    line += (line.empty() ? "" : "  ") + part;
  }
  return line;
}

// The sentence of the decision, which names the tool itself.
std::string decided(json::View record) {
  std::string reason = visible_part(record, "reason");
  if (reason.empty()) reason = full_tool(record);
  const std::string approval = visible_part(record, "approval");
  const std::string watched = record["enforced"].exists() ? "(not enforced: it ran)" : "";
  return word(visible_part(record, "effect")) +
         joined({visible_part(record, "call"), std::move(reason), approval.empty() ? "" : approval,
                 watched,
                 record["round"].is_integer() && record["round"].integer() > 1 ? "(after the hold)"
                                                                               : ""});
}

std::string ended(json::View record) {
  const json::View took = record["took_ns"];
  std::string spent;
  if (took.is_integer()) spent = fmt::format("in {} ms", took.integer() / 1'000'000);
  const json::View error = record["is_error"];
  const bool failed = error.exists() && error.kind() == json::Kind::boolean && error.boolean();
  std::string with = visible_part(record, "credential");
  if (!with.empty()) {
    const std::string version = visible_part(record, "credential_version");
    const std::string principal = visible_part(record, "principal");
    with = "with " + with + (version.empty() ? "" : " version " + version) +
           (principal.empty() ? "" : " as " + principal);
  }
  return word(visible_part(record, "outcome")) +
         joined({visible_part(record, "call"), spent, failed ? "the tool reports an error" : "",
                 with});
}

// What an approval is good for besides its call.
std::string reach_of_answer(json::View record) {
  if (record["for_run"].exists()) return "for calls like it of this run";
  const json::View calls = record["identical"];
  return calls.is_integer() ? fmt::format("for {} identical calls", calls.integer())
                            : std::string();
}

std::string answered(json::View record) {
  return word(visible_part(record, "answer")) +
         joined({visible_part(record, "approval"), "by " + visible_part(record, "person"),
                 reach_of_answer(record), visible_part(record, "reason")});
}

// What is worth a column of a record that has no line of its own: everything but the envelope.
std::string others(json::View record) {
  std::string line;
  for (const auto& [key, value] : record.members()) {
    if (key == "v" || key == "type" || key == "seq" || key == "at" || key == "boot" ||
        key == "run" || key == "payload" || key == "verifier" || key == "boot_id") {
      continue;
    }
    line += (line.empty() ? "" : "  ") + escape_untrusted(key) + " " +
            escape_untrusted(value.is_string() ? std::string(value.string()) : json::write(value));
  }
  return line;
}

std::string what(json::View record) {
  const std::string type = visible_part(record, "type");
  if (type == "call.decided") return decided(record);
  if (type == "call.ended") return ended(record);
  if (type == "approval.answered") return answered(record);
  if (type == "approval.changed") {
    return word("changed") +
           joined({visible_part(record, "approval"), "by " + visible_part(record, "person"),
                   visible_part(record, "reason")});
  }
  if (type == "approval.asked") {
    return word("asked") +
           joined({visible_part(record, "approval"), "by " + visible_part(record, "person"),
                   visible_part(record, "text")});
  }
  if (type == "approval.replied") return word("replied") + visible_part(record, "approval");
  if (type == "approval.passed") {
    return word("passed on") +
           joined({visible_part(record, "approval"), "by " + visible_part(record, "person"),
                   "to " + visible_part(record, "to"), visible_part(record, "reason")});
  }
  if (type == "approval.ended") {
    return word(visible_part(record, "how")) +
           joined({visible_part(record, "approval"), visible_part(record, "call")});
  }
  if (type == "approval.opened") {
    return paint(Ink::warn, "asks       ") +
           joined({visible_part(record, "approval"), visible_part(record, "tool"),
                   visible_part(record, "why")});
  }
  if (type == "grant.made") {
    return word("granted") + joined({visible_part(record, "grant"), visible_part(record, "tool"),
                                     "until " + visible_part(record, "until")});
  }
  if (type == "grant.ended") {
    return word("ended") +
           joined({visible_part(record, "grant"), "by " + visible_part(record, "person"),
                   visible_part(record, "reason")});
  }
  if (type == "run.halted") {
    return word("halted") + joined({visible_part(record, "code"), visible_part(record, "why")});
  }
  if (type == "kill.set") return word("killed") + others(record);
  if (type == "definition.seen") {
    return paint(Ink::dim, "offers     ") +
           joined({full_tool(record), visible_part(record, "pin"), visible_part(record, "digest")});
  }
  if (type == "pin.accepted") {
    const std::string person = visible_part(record, "person");
    return paint(Ink::dim, "accepted   ") +
           joined({full_tool(record), person.empty() ? "" : "by " + person,
                   visible_part(record, "digest")});
  }
  return paint(Ink::strong, type) + "  " + others(record);
}

void write_pretty(json::View value, const std::string& margin, std::string& into) {
  if (value.is_object() && value.size() > 0) {
    into += "{\n";
    std::uint32_t left = value.size();
    for (const auto& [key, member] : value.members()) {
      into += margin + std::string(step) + "\"" + escape_untrusted(key) + "\": ";
      write_pretty(member, margin + std::string(step), into);
      into += --left > 0 ? ",\n" : "\n";
    }
    into += margin + "}";
  } else if (value.is_array() && value.size() > 0) {
    into += "[\n";
    std::uint32_t left = value.size();
    for (const json::View element : value.elements()) {
      into += margin + std::string(step);
      write_pretty(element, margin + std::string(step), into);
      into += --left > 0 ? ",\n" : "\n";
    }
    into += margin + "]";
  } else {
    into += escape_untrusted(json::write(value));
  }
}

}  // namespace

std::string_view word_for_people(std::string_view recorded) {
  if (recorded == "reject") return "deny";
  if (recorded == "consumed") return "used";
  return recorded == "rejected" ? "denied" : recorded;
}

std::string record_line(json::View record) {
  std::string time = visible_part(record, "at");
  // `2026-11-21T07:26:53.010283Z`: the day, and the time to the millisecond.
  time = time.size() >= 19 ? time.substr(5, 5) + " " + time.substr(11, 8) +
                                 (time.size() > 23 ? time.substr(19, 4) : "")
                           : time;
  const json::View seq = record["seq"];
  std::string line = what(record);
  if (line.size() > reason_bytes_max) {
    // At a blank: neither a character nor a colour is cut in two.
    line.resize(std::min(reason_bytes_max, line.find_last_of(' ', reason_bytes_max)));
    line += " …";
  }
  return fmt::format(
      "{:>6}  {}  {:<10}  {}", seq.is_integer() ? std::to_string(seq.integer()) : "?",
      paint(Ink::dim, fmt::format("{:<18}", time)), visible_part(record, "run"), line);
}

std::string record_members(json::View record, std::string_view margin) {
  std::string all;
  for (const auto& [key, value] : record.members()) {
    std::string shown;
    if (value.is_string()) {
      shown = escape_untrusted(value.string());
    } else {
      write_pretty(value, std::string(margin) + std::string(15, ' '), shown);
    }
    all += std::string(margin) + fmt::format("{:<15}", escape_untrusted(key)) + shown + "\n";
  }
  return all;
}

std::string pretty(std::string_view bytes, std::string_view margin, std::size_t bytes_max) {
  std::string shown;
  if (const auto document = json::parse(bytes, {.duplicate_keys = json::DuplicateKeys::permit})) {
    write_pretty(document->root(), std::string(margin), shown);
  } else {
    shown = escape_untrusted(bytes.substr(0, bytes_max), Newlines::keep);
  }
  if (shown.size() > bytes_max) {
    shown.resize(utf8::beginning(shown, bytes_max).size());
    shown += fmt::format("\n{}… {} bytes in all; `--json` prints them", margin, bytes.size());
  }
  return std::string(margin) + shown;
}

}  // namespace pawl::app
