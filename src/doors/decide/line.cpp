#include "doors/decide/line.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "doors/decide/stream.h"

namespace pawl {

const std::array<LineMember, 10> line_members = {{
    {"run", true, R"({"type":"string","minLength":1,"maxLength":256})"},
    {"tool", true, R"({"type":"string","minLength":1,"maxLength":256})"},
    {"arguments", true, R"({"type":"object"})"},
    {"server", false, R"({"type":"string","maxLength":256})"},
    {"schema", false, R"({"type":["object","null"]})"},
    {"annotations", false, R"({"type":["object","null"]})"},
    {"now", false, R"({"type":["string","number"]})"},
    {"user_text", false, R"({"type":["string","null"]})"},
    {"result", false, "true"},
    {"outcome", false,
     R"({"anyOf":[{"enum":["completed","failed","cancelled"]},{"type":"object",)"
     R"("properties":{"outcome":{"enum":["completed","failed","cancelled"]},)"
     R"("is_error":{"type":"boolean"},"records":{"type":"integer","minimum":0}},)"
     R"("additionalProperties":false},{"type":"null"}]})"},
}};

namespace {

// Years 1716 to 2223: well within the range of Instant, so that no sum of times leaves it.
constexpr std::int64_t seconds_max = 8'000'000'000;
constexpr double second_ns = 1e9;

std::unexpected<Error> wrong(std::string_view member, std::string_view what) {
  return fail(ErrorKind::invalid, "`" + std::string(member) + "` " + std::string(what));
}

Status check_keys(json::View root) {
  std::vector<std::string> names;
  for (const LineMember& member : line_members) names.emplace_back(member.name);
  for (const auto [key, value] : root.members()) {
    if (std::ranges::find(names, key) != names.end()) continue;
    const std::string near = closest_match(key, names);
    return fail(ErrorKind::invalid, "unknown member `" + escape_untrusted(key.substr(0, 64)) + "`" +
                                        (near.empty() ? "" : ": did you mean `" + near + "`?"));
  }
  for (const LineMember& member : line_members) {
    if (member.required && !root[member.name].exists()) return wrong(member.name, "is missing");
  }
  return {};
}

bool absent(json::View value) {
  return !value.exists() || value.is_null();
}

Result<std::string_view> read_name(json::View root, std::string_view key, bool may_be_empty) {
  const json::View value = root[key];
  if (!value.exists()) return std::string_view{};
  if (!value.is_string()) return wrong(key, "is not text");
  if (value.string().empty() && !may_be_empty) return wrong(key, "is empty");
  if (value.string().size() > decide_name_bytes_max) {
    return wrong(key, "has more than " + std::to_string(decide_name_bytes_max) + " bytes");
  }
  return value.string();
}

Result<std::string_view> read_word(json::View value) {
  for (const std::string_view word : {"completed", "failed", "cancelled"}) {
    if (value.is_string() && value.string() == word) return word;
  }
  return wrong("outcome", "is not one of `completed`, `failed`, `cancelled`");
}

Result<Ending> read_ending(json::View value) {
  Ending ending;
  if (value.is_string()) {
    const auto word = read_word(value);
    PAWL_TRY(word);
    ending.outcome = *word;
    return ending;
  }
  if (!value.is_object()) return wrong("outcome", "is neither a word nor an object");
  for (const auto [key, member] : value.members()) {
    if (key == "outcome") {
      const auto word = read_word(member);
      PAWL_TRY(word);
      ending.outcome = *word;
    } else if (key == "is_error") {
      if (member.kind() != json::Kind::boolean) return wrong("is_error", "is not true or false");
      ending.is_error = member.boolean();
    } else if (key == "records") {
      const bool natural =
          member.kind() == json::Kind::natural || (member.is_integer() && member.integer() >= 0);
      if (!natural) return wrong("records", "is not a natural number");
      ending.records = member.natural();
    } else {
      return fail(ErrorKind::invalid,
                  "unknown member `" + escape_untrusted(key.substr(0, 64)) + "` in `outcome`");
    }
  }
  return ending;
}

Status read_call(json::View root, Line& line) {
  for (const auto& [key, into, may_be_empty] :
       {std::tuple{"run", &line.run, false}, std::tuple{"tool", &line.tool, false},
        std::tuple{"server", &line.server, true}}) {
    const auto name = read_name(root, key, may_be_empty);
    PAWL_TRY(name);
    *into = *name;
  }
  line.arguments = root["arguments"];
  if (!line.arguments.is_object()) return wrong("arguments", "is not an object");
  line.schema = root["schema"];
  if (!absent(line.schema) && !line.schema.is_object()) return wrong("schema", "is not an object");
  line.annotations = root["annotations"];
  if (!absent(line.annotations) && !line.annotations.is_object()) {
    return wrong("annotations", "is not an object");
  }
  if (absent(line.schema)) line.schema = {};
  if (absent(line.annotations)) line.annotations = {};
  return {};
}

}  // namespace

Result<Instant> read_now(json::View value) {
  if (value.is_string()) {
    auto at = parse_instant(value.string());
    if (!at) return wrong("now", "is not a time: expected RFC 3339, or seconds since 1970");
    if (std::abs(at->ns / 1'000'000'000) > seconds_max) return wrong("now", "is out of range");
    return at;
  }
  if (value.is_integer()) {
    if (value.integer() > seconds_max || value.integer() < -seconds_max) {
      return wrong("now", "is out of range");
    }
    return Instant{value.integer() * 1'000'000'000};
  }
  if (!value.is_number()) return wrong("now", "is neither a text nor a number");
  const double seconds = value.number();
  if (!(std::abs(seconds) <= static_cast<double>(seconds_max))) {
    return wrong("now", "is out of range");
  }
  return Instant{std::llround(seconds * second_ns)};
}

std::string_view run_of(json::View root) {
  const auto name = root.is_object() ? read_name(root, "run", false) : std::string_view{};
  return name.value_or(std::string_view{});
}

Result<Line> read_line(json::View root) {
  if (!root.is_object()) return fail(ErrorKind::invalid, "a line is one object");
  PAWL_TRY(check_keys(root));
  Line line;
  PAWL_TRY(read_call(root, line));
  if (const json::View now = root["now"]; now.exists()) {
    const auto at = read_now(now);
    PAWL_TRY(at);
    line.now = *at;
  }
  const json::View words = root["user_text"];
  if (!absent(words) && !words.is_string()) return wrong("user_text", "is not text");
  if (!absent(words)) line.words = words.string();
  line.result = root["result"];
  if (const json::View outcome = root["outcome"]; !absent(outcome)) {
    const auto ending = read_ending(outcome);
    PAWL_TRY(ending);
    line.ending = *ending;
  }
  return line;
}

}  // namespace pawl
