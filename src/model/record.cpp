#include "model/record.h"

#include <array>
#include <utility>
#include <variant>

#include "base/members.h"
#include "model/record_members.h"

namespace pawl {

namespace {

// The type words, in the order of Body's alternatives.
constexpr std::array<std::string_view, 31> type_words = {
    "node.started",      "node.stopped",      "policy.loaded",
    "definition.seen",   "pin.accepted",      "run.opened",
    "run.halted",        "run.closed",        "kill.set",
    "resumed",           "call.decided",      "approval.opened",
    "approval.answered", "approval.ended",    "approval.attached",
    "call.ended",        "denials.counted",   "reviewer.enrolled",
    "escalated",         "snapshot.taken",    "noted",
    "run.tightened",     "escalation.opened", "escalation.changed",
    "drilled",           "approval.changed",  "approval.asked",
    "approval.replied",  "approval.passed",   "grant.made",
    "grant.ended",
};
static_assert(std::variant_size_v<Body> == type_words.size() + 1);  // `Unknown` has no word

// The members that every record has. They stand among the body's in byte order, so that the line
// is canonical without being parsed again.
struct Envelope {
  const Record& record;
  json::Writer& out;
  int next = 0;

  static constexpr std::array<std::string_view, 5> names = {"at", "boot", "seq", "type", "v"};

  // Asked before every member: mostly the first letter tells.
  static bool earlier(std::string_view a, std::string_view b) {
    return a.front() != b.front() ? a.front() < b.front() : a < b;
  }
  void before(std::string_view name) {
    for (; next < 5 && (name.empty() || earlier(names[static_cast<std::size_t>(next)], name));
         ++next) {
      out.key(names[static_cast<std::size_t>(next)]);
      write();
    }
  }
  void write() {
    switch (next) {
      case 0:
        out.string(to_string(record.at));
        return;
      case 1:
        out.integer(record.boot_ns);
        return;
      case 2:
        out.natural(record.seq);
        return;
      case 3:
        out.string(type_of(record.body));
        return;
      default:
        out.integer(record_format);
        return;
    }
  }
};

class RecordWriter final : public MemberWriter {
 public:
  RecordWriter(json::Writer& out, Envelope& envelope) : MemberWriter(out), envelope_(envelope) {}

 private:
  void key(std::string_view name) override {
    envelope_.before(name);
    out_.key(name);
  }
  Envelope& envelope_;
};

template <std::size_t index = 0>
Body body_of(std::string_view type) {
  if constexpr (index == type_words.size()) {
    return Unknown{std::string(type)};
  } else {
    if (type == type_words[index]) return Body(std::in_place_index<index>);
    return body_of<index + 1>(type);
  }
}

}  // namespace

std::string_view type_of(const Body& body) {
  if (const auto* unknown = std::get_if<Unknown>(&body)) return unknown->type;
  return type_words[body.index()];
}

std::string to_json(const Record& record) {
  json::Writer out;
  Envelope envelope{record, out};
  RecordWriter member(out, envelope);
  std::visit([&](const auto& body) { members(member, body); }, record.body);
  envelope.before({});
  out.end();
  return out.take();
}

Result<Record> parse_record(json::View view) {
  Record record;
  MemberReader member(view);
  std::string type;
  int format = 0;
  member.need("at", record.at);
  member.may("boot", record.boot_ns);
  member.need("seq", record.seq);
  member.need("type", type);
  member.need("v", format);
  record.body = body_of(type);
  if (format > record_format) record.body = Unknown{type};  // whatever a newer format means by it
  if (format < 1 || type.empty())
    return fail(ErrorKind::corrupt, "a record without type or format");
  if (std::holds_alternative<Unknown>(record.body)) {
    return record;  // its members are not ours to judge
  }
  std::visit([&](auto& body) { members(member, body); }, record.body);
  if (Status done = member.finish(); !done) {
    return fail(ErrorKind::corrupt, type + ": " + done.error().message);
  }
  return record;
}

Result<Record> parse_record(std::string_view text) {
  // Notes and reasons are other people's words, so keys are checked for exact duplicate_keys only.
  json::ParseLimits limits;
  limits.duplicate_keys = json::DuplicateKeys::refuse_exact_only;
  const Result<json::Document> document = json::parse(text, limits);
  PAWL_TRY(document);
  return parse_record(document->root());
}

}  // namespace pawl
