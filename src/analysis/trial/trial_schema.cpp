#include "analysis/trial/trial_schema.h"

#include <string_view>

#include "analysis/trial/trial_file.h"
#include "base/json.h"

namespace pawl {

namespace {

constexpr std::string_view call_schema =
    R"({"description":"The tool and its arguments.","type":"array","minItems":1,"maxItems":2,)"
    R"("prefixItems":[{"type":"string"},{"type":["object","string"]}]})";
constexpr std::string_view time_schema =
    R"({"description":"The time of the call, such as 2026-11-28T12:00:00+01:00.","type":"string"})";
constexpr std::string_view given_schema =
    R"({"description":"What is known beside the call.","type":"object","properties":{)"
    R"("schema":{"type":"object"},"annotations":{"type":"object"},"result":true,"outcome":true,)"
    R"("user_text":{"type":"string"}},"additionalProperties":true})";

std::string_view value_of(ExpectedForm form) {
  switch (form) {
    case ExpectedForm::effect:
      return R"("enum":["allow","notify","hold","deny"])";
    case ExpectedForm::truth:
      return R"("type":"boolean")";
    case ExpectedForm::count:
      return R"("type":"integer","minimum":1)";
    case ExpectedForm::list:
      return R"("type":["array","string"],"items":{"type":["string","number","boolean"]})";
    case ExpectedForm::code:
    case ExpectedForm::text:
      return R"("type":["string","number","boolean"])";
  }
  return {};
}

void put_expect(json::Writer& out) {
  out.key("expect").object().key("description").string("What the answer is; only what is named.");
  out.key("type").string("object").key("minProperties").integer(1).key("properties").object();
  for (const Expectable& row : expectable()) {
    std::string schema = R"({"description":)";
    json::write_string(row.says, schema);
    schema.append(",").append(value_of(row.form)).append("}");
    out.key(row.name).raw(schema);
  }
  out.end().key("additionalProperties").boolean(false).end();
}

// A test's call or one of its steps.
void put_step(json::Writer& out) {
  out.key("call").raw(call_schema).key("at").raw(time_schema).key("given").raw(given_schema);
  out.key("times").object().key("description").string("How often the call is made.");
  out.key("type").string("integer").key("minimum").integer(1);
  out.key("maximum").natural(trial_times_max).end();
  put_expect(out);
}

}  // namespace

std::string trial_schema() {
  json::Writer out;
  out.object().key("$schema").string("https://json-schema.org/draft/2020-12/schema");
  out.key("title").string("pawl test file").key("type").string("object");
  out.key("properties").object();
  out.key("policy").object().key("description").string("The policy under test, beside this file.");
  out.key("type").string("string").end();
  out.key("layers").object().key("description");
  out.string("Layer files that a call has to pass too, beside this file.").key("type");
  out.string("array").key("minItems").integer(1);
  out.key("items").object().key("type").string("string").end().end();
  out.key("at").raw(time_schema).key("tests").object().key("type").string("array");
  out.key("minItems").integer(1).key("items").raw(R"({"$ref":"#/$defs/test"})").end().end();
  out.key("required").raw(R"(["policy","tests"])").key("additionalProperties").boolean(true);
  out.key("$defs").object().key("step").object().key("type").string("object");
  out.key("properties").object();
  put_step(out);
  out.end().key("required").raw(R"(["call","expect"])");
  out.key("additionalProperties").boolean(false).end();
  out.key("test").object().key("type").string("object").key("properties").object();
  out.key("name").object().key("description").string("What the test shows, in words.");
  out.key("type").string("string").key("minLength").integer(1).end();
  put_step(out);
  out.key("steps").object().key("description").string("Calls of one run, one after another.");
  out.key("type").string("array").key("minItems").integer(1);
  out.key("items").raw(R"({"$ref":"#/$defs/step"})").end().end();
  out.key("required").raw(R"(["name"])");
  out.key("anyOf").raw(R"([{"required":["steps"]},{"required":["call","expect"]}])");
  out.key("additionalProperties").boolean(false).end().end().end();
  return out.take();
}

}  // namespace pawl
