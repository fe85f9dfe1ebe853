#include "app/check_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/layout.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

std::string place_of(const Position& at) {
  return escape_untrusted(to_string(at));
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

Ink weight_ink(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::note:
      return Ink::dim;
    case Finding::Weight::warning:
    case Finding::Weight::error_in_production:
      return Ink::warn;
  }
  return Ink::plain;
}

std::string counted(std::size_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

// One message; what does not fit in the line goes on below, away from the margin of the places.
struct Message {
  const Position& at;
  std::string_view kind;
  Ink ink;
  const std::string& says;
};

std::string to_string(const Message& message, std::size_t columns_max) {
  const std::string place = place_of(message.at);
  const std::string line =
      fmt::format("{}{}: {}", place.empty() ? "" : paint(Ink::strong, place) + ": ",
                  paint(message.ink, message.kind), escape_untrusted(message.says));
  return wrap(line, columns_max, {.first = "", .rest = "    "}) + "\n";
}

std::string messages_of(const CheckReport& report, std::size_t columns_max) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text +=
        to_string({finding.at, word(finding.weight), weight_ink(finding.weight), finding.message},
                  columns_max);
  }
  for (const Error& error : report.errors) {
    text += to_string({error.at, "error", Ink::bad, error.message}, columns_max);
  }
  return text;
}

std::string table_of(const CheckReport& report, std::size_t columns_max) {
  std::vector<std::vector<std::string>> rows(1);
  for (const std::string_view title :
       {"tool", "class", "placed by", "verdict", "approval, or why not"}) {
    rows[0].push_back(paint(Ink::dim, title));
  }
  for (const CheckReport::Row& row : report.table) {
    rows.push_back({escape_untrusted(row.tool), escape_untrusted(row.class_text),
                    escape_untrusted(row.class_source),
                    paint(ink_of(row.effect), to_string(row.effect)),
                    escape_untrusted(row.why.empty() ? row.approval : row.why)});
  }
  rows.push_back({paint(Ink::dim, "anything else"), "", "",
                  paint(ink_of(Effect::deny), to_string(Effect::deny)), "no entry grants it"});
  return lay_out(rows, columns_max);
}

std::string conclusion(const std::string& file, const CheckReport& report) {
  std::string text = paint(Ink::strong, escape_untrusted(file)) + ": ";
  text += report.passes() ? paint(Ink::good, "good")
                          : paint(Ink::bad, counted(report.errors.size(), "error"));
  if (report.findings.empty()) return text + "\n";
  text += fmt::format(", {}", counted(report.findings.size(), "finding"));
  const auto gaps =
      std::ranges::count(report.findings, Finding::Weight::error_in_production, &Finding::weight);
  if (gaps == 1) text += ", 1 of them a gap: an error in production";
  if (gaps > 1) text += fmt::format(", {} of them gaps: errors in production", gaps);
  return text + "\n";
}

}  // namespace

std::string check_text(const std::string& file, const CheckReport& report,
                       std::size_t columns_max) {
  std::string text;
  const bool loaded = !report.summary.empty();
  for (const std::string& line : report.summary) {
    text += wrap(escape_untrusted(line), columns_max, {.first = "", .rest = "  "}) + "\n";
  }
  if (!report.table.empty()) text += "\n" + table_of(report, columns_max);
  if (loaded) text += "\n";
  const std::string messages = messages_of(report, columns_max);
  text += messages;
  if (!messages.empty() && loaded) text += "\n";
  return text + conclusion(file, report);
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
