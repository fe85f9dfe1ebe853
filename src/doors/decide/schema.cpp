#include "doors/decide/schema.h"

#include "base/json.h"
#include "doors/decide/line.h"
#include "model/verdict.h"

namespace pawl {

namespace {

constexpr std::string_view texts = R"({"type":"array","items":{"type":"string"}})";
constexpr std::string_view contacts =
    R"({"type":"array","items":{"type":"object","required":["after","name","via"],)"
    R"("properties":{"after":{"type":"string"},"name":{"type":"string"},"via":{"type":"string"}},)"
    R"("additionalProperties":false}})";

struct Property {
  std::string_view name, schema;
};

template <std::size_t n>
void put_object(const Property (&properties)[n], bool all_required, json::Writer& out) {
  out.object().key("type").string("object");
  if (all_required) {
    out.key("required").array();
    for (const Property& property : properties) out.string(property.name);
    out.end();
  }
  out.key("properties").object();
  for (const Property& property : properties) out.key(property.name).raw(property.schema);
  out.end().key("additionalProperties").boolean(false).end();
}

template <std::size_t n>
std::string object_of(const Property (&properties)[n], bool all_required) {
  json::Writer out;
  put_object(properties, all_required, out);
  return out.take();
}

std::string codes() {
  json::Writer out;
  out.object().key("enum").array();
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    out.string(to_string(static_cast<Code>(i)));
  }
  out.end().end();
  return out.take();
}

std::string obligations() {
  const Property approval[] = {{"deny_on_timeout", R"({"type":"boolean"})"},
                               {"quorum", R"({"type":"integer","minimum":1})"},
                               {"reviewers", texts},
                               {"typed", R"({"type":"boolean"})"},
                               {"typed_of", texts},
                               {"within_seconds", R"({"type":"integer","minimum":0})"}};
  const std::string asked = object_of(approval, true);
  const std::string halt =
      R"({"type":"object","required":["contacts","why"],"properties":{"contacts":)" +
      std::string(contacts) + R"(,"notify":{"type":"string"},"why":{"type":"string"}},)" +
      R"("additionalProperties":false})";
  const Property notify[] = {{"contacts", contacts}, {"why", R"({"type":"string"})"}};
  const std::string told = object_of(notify, true);
  const Property all[] = {{"approval", asked},
                          {"forward", R"({"type":"object"})"},
                          {"halt", halt},
                          {"notify", told},
                          {"result", "true"},
                          {"scope", texts},
                          {"warning", R"({"type":"string"})"},
                          {"withheld", texts}};
  return object_of(all, false);
}

void put_line(json::Writer& out) {
  out.object().key("type").string("object").key("required").array();
  for (const LineMember& member : line_members) {
    if (member.required) out.string(member.name);
  }
  out.end().key("properties").object();
  for (const LineMember& member : line_members) out.key(member.name).raw(member.schema);
  out.end().key("additionalProperties").boolean(false).end();
}

}  // namespace

std::string decide_schema() {
  const std::string code = codes();
  const std::string owed = obligations();
  const Property decision[] = {
      {"effect", R"({"enum":["allow","hold","deny"]})"}, {"code", code},
      {"rule", R"({"type":["string","null"]})"},         {"reason", R"({"type":"string"})"},
      {"class", R"({"type":["string","null"]})"},        {"obligations", owed},
      {"run", R"({"type":["string","null"]})"}};
  json::Writer out;
  out.object().key("$schema").string("https://json-schema.org/draft/2020-12/schema");
  out.key("title").string("pawl decide: one line in, one line out");
  out.key("$defs").object().key("line");
  put_line(out);
  out.key("decision");
  put_object(decision, true, out);
  out.end().end();
  return out.take();
}

}  // namespace pawl
