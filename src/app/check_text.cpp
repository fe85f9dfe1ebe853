#include "app/check_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/layout.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

std::string place_of(const Position& at) {
  return visible(to_string(at));
}

std::string_view word(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::note:
      return "note";
    case Finding::Weight::warning:
      return "warning";
    case Finding::Weight::error_in_production:
      return "gap";
  }
  return "note";
}

Ink ink_of(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::note:
      return Ink::dim;
    case Finding::Weight::warning:
    case Finding::Weight::error_in_production:
      return Ink::warn;
  }
  return Ink::plain;
}

Ink ink_of(Effect effect) {
  switch (effect) {
    case Effect::allow:
    case Effect::notify:
    case Effect::contain:
      return Ink::good;
    case Effect::hold:
      return Ink::warn;
    case Effect::deny:
      return Ink::bad;
  }
  return Ink::plain;
}

std::string counted(std::size_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

std::string message_line(const Position& at, std::string_view kind, Ink ink,
                         const std::string& message) {
  const std::string place = place_of(at);
  return fmt::format("{}{}: {}\n", place.empty() ? "" : paint(Ink::strong, place) + ": ",
                     paint(ink, kind), visible(message));
}

std::string errors_of(const CheckReport& report) {
  std::string text;
  for (const Error& error : report.errors) {
    text += message_line(error.at, "error", Ink::bad, error.message);
  }
  return text;
}

std::string findings_of(const CheckReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text += message_line(finding.at, word(finding.weight), ink_of(finding.weight), finding.message);
  }
  return text;
}

// Same words under each other are read once: a column with one value only says nothing.
std::string table_of(const CheckReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const CheckReport::Row& row : report.table) {
    const std::string because = row.why.empty() ? row.approval : row.why;
    rows.push_back({row.tool, row.class_text, std::string(row.class_source),
                    paint(ink_of(row.effect), to_string(row.effect)), visible(because)});
  }
  rows.push_back({paint(Ink::dim, "anything else"), "", "",
                  paint(ink_of(Effect::deny), to_string(Effect::deny)), ""});
  return table(rows, {"tool", "class", "placed by", "verdict", "approval"});
}

std::string verdict_line(const std::string& file, const CheckReport& report) {
  std::string text = paint(Ink::strong, visible(file)) + ": ";
  if (!report.passes()) {
    text += paint(Ink::bad, counted(report.errors.size(), "error"));
  } else {
    text += paint(Ink::good, "good");
  }
  const auto gaps =
      std::ranges::count(report.findings, Finding::Weight::error_in_production, &Finding::weight);
  if (report.findings.empty()) return text + "\n";
  text += fmt::format(", {}", counted(report.findings.size(), "finding"));
  if (gaps > 0) text += fmt::format(", {} of them would be errors in production", gaps);
  return text + "\n";
}

}  // namespace

std::string check_text(const std::string& file, const CheckReport& report) {
  std::string text;
  if (!report.table.empty()) {
    for (const std::string& line : report.summary) {
      text += wrap(visible(line), terminal_columns(), {.first = "", .rest = "  "}) + "\n";
    }
    text += "\n" + table_of(report) + "\n";
  }
  const std::string messages = findings_of(report) + errors_of(report);
  text += messages;
  if (!messages.empty() && !report.table.empty()) text += "\n";
  return text + verdict_line(file, report);
}

void check_json(const std::string& file, const CheckReport& report, json::Writer& into) {
  const auto place = [&into](const Position& at) {
    into.key("file").string(at.file).key("line").natural(at.line);
    into.key("column").natural(at.column);
  };
  into.object().key("file").string(file).key("passes").boolean(report.passes());
  into.key("errors").array();
  for (const Error& error : report.errors) {
    into.object();
    place(error.at);
    into.key("message").string(error.message).end();
  }
  into.end().key("findings").array();
  for (const Finding& finding : report.findings) {
    into.object();
    place(finding.at);
    into.key("weight").string(word(finding.weight)).key("message").string(finding.message).end();
  }
  into.end().key("summary").array();
  for (const std::string& line : report.summary) into.string(line);
  into.end().key("tools").array();
  for (const CheckReport::Row& row : report.table) {
    into.object().key("tool").string(row.tool).key("class").string(row.class_text);
    into.key("class_source").string(row.class_source).key("effect").string(to_string(row.effect));
    into.key("approval").string(row.approval).key("records").string(row.records);
    into.key("why").string(row.why).end();
  }
  into.end().end();
}

}  // namespace pawl::app
