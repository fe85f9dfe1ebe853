// The OpenAPI 3.1 text, from the rows of the operations and of their bodies.
#include <fmt/format.h>

#include <array>

#include "doors/api/operations.h"
#include "model/verdict.h"

namespace pawl::api {
namespace {

struct SchemaRow {
  std::string_view name, schema;
};

constexpr std::string_view kText = R"({"type":"string"})";

// The members of a `Decision` beside its code, which has an enumeration of its own.
constexpr auto kSchemas = std::to_array<SchemaRow>({
    {"Run", R"({"type":"object","required":["run","phase"],"properties":{)"
            R"("run":{"type":"string"},"phase":{"enum":["open","halted","killed","closed"]},)"
            R"("agent":{"type":"string"},"role":{"type":"string"},"sponsor":{"type":"string"},)"
            R"("policy":{"type":"string"},"opened":{"type":"string"},)"
            R"("parent_run":{"type":"string"},"why":{"type":"string"},)"
            R"("steps":{"type":"integer"},"denials":{"type":"integer"},)"
            R"("calls":{"type":"integer"},"records":{"type":"integer"},)"
            R"("executing":{"type":"integer"},"held":{"type":"integer"},)"
            R"("audience":{"type":"string"},"credential":{"type":"string"},)"
            R"("expires":{"type":"string"}},"additionalProperties":false})"},
    {"Decision",
     R"({"type":"object","required":["effect","code"],"properties":{)"
     R"("effect":{"enum":["allow","hold","deny"]},"code":{"$ref":"#/components/schemas/Code"},)"
     R"("call":{"type":"string"},"approval":{"type":"string"},"reason":{"type":"string"},)"
     R"("rule":{"type":"string"},"rule_at":{"type":"string"},"policy":{"type":"string"},)"
     R"("retryable":{"type":"boolean"},"server":{"type":"string"},"tool":{"type":"string"},)"
     R"("arguments":{"type":"object"},"class":{"type":"string"},"settle_by":{"type":"string"},)"
     R"("credential":{"type":"string"},"scope":{"type":"array","items":{"type":"string"}},)"
     R"("decided":{"enum":["deny","hold"]},"enforced":{"enum":[false]},)"
     R"("asks":{"type":"array","items":{"type":"object","required":["person","text"],)"
     R"("properties":{"person":{"type":"string"},"text":{"type":"string"}},)"
     R"("additionalProperties":false}},)"
     R"("notify":{"type":"boolean"},"warning":{"type":"string"}},)"
     R"("additionalProperties":false})"},
    {"Call",
     R"({"type":"object","required":["call","phase"],"properties":{"call":{"type":"string"},)"
     R"("phase":{"enum":["held","executing","completed","failed","cancelled","indeterminate",)"
     R"("aborted"]},"cancel":{"type":"boolean"},"approval":{"type":"string"},)"
     R"("decision":{"$ref":"#/components/schemas/Decision"},)"
     R"("settlement":{"$ref":"#/components/schemas/Settlement"}},)"
     R"("additionalProperties":false})"},
    {"Settlement",
     R"({"type":"object","required":["call","outcome"],"properties":{"call":{"type":"string"},)"
     R"("outcome":{"enum":["completed","failed","cancelled","indeterminate"]},)"
     R"("code":{"$ref":"#/components/schemas/Code"},"reason":{"type":"string"},)"
     R"("result":{"type":"object"},"error":{"type":"string"},)"
     R"("warning":{"type":"string"},"withheld":{"type":"integer"}},)"
     R"("additionalProperties":false})"},
    {"Refusal", R"({"type":"object","required":["code","reason"],"properties":{)"
                R"("code":{"$ref":"#/components/schemas/Code"},"error":{"type":"string"},)"
                R"("reason":{"type":"string"}},"additionalProperties":false})"},
    {"OpenAPI", R"({"type":"object"})"},
    {"Events", kText},
});

struct StatusRow {
  int status;
  std::string_view says;
};
constexpr auto kStatuses = std::to_array<StatusRow>({
    {200, "Done"},
    {201, "The run is open"},
    {202,
     "Held: a person has not answered yet. The same call again goes on waiting, without a "
     "further charge"},
    {400, "The request cannot be read in one way only"},
    {401, "The caller is not known"},
    {403, "Known, and this right is missing"},
    {404, "There is no such run or call here"},
    {409, "Not as things stand"},
    {413, "The body is too long"},
    {415, "The body is not `application/json`"},
    {429, "Too many at once, or within a minute"},
    {503, "Nothing is granted at the moment"},
});

std::string_view meaning_of(int status) {
  for (const StatusRow& row : kStatuses) {
    if (row.status == status) return row.says;
  }
  return "";
}

std::string reference_to(std::string_view schema) {
  return fmt::format("#/components/schemas/{}", schema);
}

void put_content(json::Writer& out, std::string_view type, const std::vector<std::string>& names) {
  out.key("content").object().key(type).object().key("schema").object();
  if (names.size() == 1) {
    out.key("$ref").string(reference_to(names.front()));
  } else {
    out.key("oneOf").array();
    for (const std::string& name : names) {
      out.object().key("$ref").string(reference_to(name)).end();
    }
    out.end();
  }
  out.end().end().end();
}

std::string_view name_of_body(Body body) {
  switch (body) {
    case Body::none:
      return "";
    case Body::run:
      return "NewRun";
    case Body::sub_run:
      return "NewSubRun";
    case Body::call:
      return "NewCall";
    case Body::outcome:
      return "Outcome";
  }
  return "";
}

void put_responses(json::Writer& out, const Operation& row) {
  out.key("responses").object();
  for (const int status : row.statuses) {
    out.key(fmt::format("{}", status)).object();
    const bool good = status < 300;
    if (good && row.op == Op::run_events) {
      put_content(out, "text/event-stream", {std::string(row.answer)});
    } else {
      put_content(out, "application/json", {good ? std::string(row.answer) : "Refusal"});
    }
    out.key("description").string(meaning_of(status)).end();
  }
  out.end();
}

void put_parameters(json::Writer& out, const Operation& row) {
  out.key("parameters").array();
  for (const std::string_view name : {"run", "call"}) {
    if (!row.path.contains(fmt::format("{{{}}}", name))) continue;
    out.object().key("in").string("path").key("name").string(name);
    out.key("required").boolean(true).key("schema").raw(kText).end();
  }
  if (row.op == Op::run_events) {
    out.object().key("in").string("header").key("name").string("Last-Event-ID");
    out.key("required").boolean(false).key("schema").raw(kText).end();
  }
  out.end();
}

std::string id_of(const Operation& row) {
  constexpr std::array<std::string_view, 8> ids = {"openRun", "showRun",  "closeRun", "runEvents",
                                                   "propose", "showCall", "settle",   "openapi"};
  return std::string(ids[static_cast<std::size_t>(row.op)]);
}

void put_operation(json::Writer& out, const Operation& row) {
  out.key(row.method == "GET" ? "get" : "post").object();
  out.key("operationId").string(id_of(row));
  put_parameters(out, row);
  if (row.body != Body::none) {
    std::vector<std::string> names = {std::string(name_of_body(row.body))};
    if (row.body == Body::run) names.emplace_back(name_of_body(Body::sub_run));
    out.key("requestBody").object();
    put_content(out, "application/json", names);
    out.key("required").boolean(true).end();
  }
  put_responses(out, row);
  out.key("security").array();
  if (!row.right.empty()) {
    out.object().key("bearer").array().string(row.right).end().end();
  }
  out.end().key("summary").string(row.summary).end();
}

void put_body_schema(json::Writer& out, Body body) {
  out.key(name_of_body(body)).object().key("additionalProperties").boolean(false);
  out.key("properties").object();
  for (const Member& member : members_of(body)) {
    // The schema's own members, and the sentence.
    std::string schema(member.schema);
    schema.pop_back();
    json::Writer says;
    says.string(member.says);
    schema += R"(,"description":)" + says.take() + "}";
    out.key(member.name).raw(schema);
  }
  out.end().key("required").array();
  for (const Member& member : members_of(body)) {
    if (member.required) out.string(member.name);
  }
  out.end().key("type").string("object").end();
}

void put_schemas(json::Writer& out) {
  out.key("schemas").object();
  out.key("Code").object().key("enum").array();
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    out.string(to_string(static_cast<Code>(i)));
  }
  out.end().end();
  for (const SchemaRow& row : kSchemas) out.key(row.name).raw(row.schema);
  for (const Body body : {Body::run, Body::sub_run, Body::call, Body::outcome}) {
    put_body_schema(out, body);
  }
  out.end();
}

}  // namespace

std::string openapi(std::string_view address) {
  json::Writer out;
  out.object().key("openapi").string("3.1.0");
  out.key("info").object().key("title").string("pawl: the decision API");
  out.key("version").string("1");
  out.key("license")
      .object()
      .key("identifier")
      .string("Apache-2.0")
      .key("name")
      .string("Apache License 2.0")
      .end();
  out.end().key("servers").array().object().key("url").string(address).end().end();
  out.key("paths").object();
  std::string_view open;
  for (const Operation& row : operations()) {
    if (row.path != open) {
      if (!open.empty()) out.end();
      out.key(row.path).object();
      open = row.path;
    }
    put_operation(out, row);
  }
  if (!open.empty()) out.end();
  out.end().key("components").object();
  put_schemas(out);
  out.key("securitySchemes").object().key("bearer").object();
  out.key("description").string("A key of an agent, or the credential of a run");
  out.key("scheme").string("bearer").key("type").string("http").end().end().end();
  return out.end().take();
}

}  // namespace pawl::api
