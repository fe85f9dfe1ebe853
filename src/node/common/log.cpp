#include "node/common/log.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "doors/api/events.h"
#include "io/net/clock.h"

namespace pawl::node {
namespace {

void write_log(std::string line) {
  line += '\n';
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

std::string_view word_of(LogLevel level) {
  return level == LogLevel::usual ? "info" : "warning";
}

// Whether a record is worth a line of its own. Calls that went well are in the journal.
struct WorthALine {
  bool operator()(const CallDecided& b) const { return b.effect == "deny" || b.effect == "hold"; }
  bool operator()(const CallEnded& b) const { return b.is_error || b.outcome != "completed"; }
  bool operator()(const RunOpened&) const { return true; }
  bool operator()(const RunHalted&) const { return true; }
  bool operator()(const RunClosed&) const { return true; }
  bool operator()(const RunTightened&) const { return true; }
  bool operator()(const ApprovalOpened&) const { return true; }
  bool operator()(const DenialsCounted& b) const { return b.count > 0; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

}  // namespace

bool logs_json() {
  const char* form = std::getenv(log_variable);
  return form != nullptr && std::string_view(form) == "json";
}

void log_line(const std::string& text, LogLevel level) {
  const std::string at = to_string(net::wall_time());
  if (!logs_json()) return write_log(at + ' ' + escape_untrusted(text, Newlines::escape));
  json::Writer out;
  out.object().key("at").string(at).key("level").string(word_of(level));
  write_log(out.key("text").string(escape_untrusted(text, Newlines::escape)).end().take());
}

void log_record(const Record& record) {
  if (!std::visit(WorthALine{}, record.body) || !logs_json()) return;
  const auto event = api::event_of(record);
  if (!event) return;
  const bool grave = std::holds_alternative<RunHalted>(record.body);
  json::Writer out;
  out.object().key("at").string(to_string(net::wall_time()));
  out.key("level").string(word_of(grave ? LogLevel::warning : LogLevel::usual));
  write_log(out.key("record").raw(api::json_of(event->run, event->event)).end().take());
}

}  // namespace pawl::node
