#include "kernel/config/keys_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "kernel/config/keys.h"

namespace pawl {

namespace {

using enum Section;

// How the values of one type are written. Types that lead into another section are below.
struct TypeSchema {
  std::string_view type, schema;
};
constexpr std::string_view kTextsSchema =
    R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"},"minItems":1}]})";
constexpr std::string_view kTextListSchema =
    R"({"type":"array","items":{"type":"string"},"minItems":1})";
constexpr std::string_view kValuesSchema =
    R"({"anyOf":[{"type":["string","number","boolean"]},)"
    R"({"type":"array","items":{"type":["string","number","boolean"]},"minItems":1}]})";
constexpr std::string_view kSourcesSchema =
    R"({"anyOf":[{"const":"user"},{"type":"object","properties":{"result":{"type":"string"}},)"
    R"("required":["result"],"additionalProperties":false},{"type":"array","minItems":1,)"
    R"("items":{"anyOf":[{"const":"user"},{"type":"object","properties":{"result":)"
    R"({"type":"string"}},"required":["result"],"additionalProperties":false}]}}]})";
constexpr std::array kTypes = {
    TypeSchema{"source or list of sources", kSourcesSchema},
    TypeSchema{"text", R"({"type":"string","minLength":1})"},
    TypeSchema{
        "words",
        R"({"type":"string","pattern":)"
        R"("^(read_only|read only|reversible|irreversible|small|large|external_sink|by_call))"
        R"(( (read_only|reversible|irreversible|small|large|external_sink))*$"})"},
    TypeSchema{"text or list of texts", kTextsSchema},
    TypeSchema{"text or credentials by argument",
               R"({"anyOf":[{"type":"string","minLength":1},{"type":"object","properties":)"
               R"({"of":{"type":"string"}},"required":["of"],"minProperties":2,)"
               R"("additionalProperties":{"type":"string","minLength":1}}]})"},
    TypeSchema{"true or an argument",
               R"({"anyOf":[{"const":true},{"type":"string","pattern":"^args[.]."}]})"},
    TypeSchema{"list of texts", kTextsSchema},
    TypeSchema{"list of names", kTextsSchema},
    TypeSchema{"list of packs", R"({"type":"array","minItems":1,)"
                                R"("items":{"type":"string","pattern":"^pawl:[^@]+@[0-9]+$"}})"},
    TypeSchema{"list of words", kTextsSchema},
    TypeSchema{"list of files", kTextListSchema},
    TypeSchema{"list of persons or groups", kTextsSchema},
    TypeSchema{"person", R"({"type":"string","minLength":1})"},
    TypeSchema{"list of rights", R"({"anyOf":[{"enum":["propose","settle","watch","speak"]},)"
                                 R"({"type":"array","minItems":1,"items":)"
                                 R"({"enum":["propose","settle","watch","speak"]}}]})"},
    TypeSchema{"list of `reversible`", R"({"anyOf":[{"const":"reversible"},)"
                                       R"({"type":"array","minItems":1,)"
                                       R"("items":{"const":"reversible"}}]})"},
    TypeSchema{"list of algorithms",
               R"({"anyOf":[{"enum":["EdDSA","ES256","ES384","RS256","PS256"]},)"
               R"({"type":"array","minItems":1,"items":)"
               R"({"enum":["EdDSA","ES256","ES384","RS256","PS256"]}}]})"},
    TypeSchema{"any mapping", R"({"type":"object"})"},
    TypeSchema{"mapping of claims", R"({"type":"object","minProperties":1,)"
                                    R"("additionalProperties":)"
                                    R"({"type":["string","integer","boolean"]}})"},
    TypeSchema{"mapping of permissions",
               R"({"type":"object","minProperties":1,"additionalProperties":)"
               R"({"enum":["read","write","admin"]}})"},
    TypeSchema{"text or number", R"({"type":["string","integer"]})"},
    TypeSchema{"list of fields", kTextListSchema},
    TypeSchema{"list of values", kValuesSchema},
    TypeSchema{"whole number", R"({"type":"integer","minimum":0})"},
    TypeSchema{"number", R"({"type":"number"})"},
    TypeSchema{"decimal number", R"({"type":"number","minimum":0})"},
    TypeSchema{"true or false", R"({"type":"boolean"})"},
    TypeSchema{"period, `agent` or argument", R"({"type":"string","minLength":1})"},
    TypeSchema{"argument or `agent`", R"({"type":"string","minLength":1})"},
    TypeSchema{"duration", R"({"type":"string","pattern":"^([0-9]+(ms|s|m|h|d|w))+$"})"},
    TypeSchema{"duration or `off`", R"({"anyOf":[{"const":"off"},)"
                                    R"({"type":"string","pattern":"^([0-9]+(ms|s|m|h|d|w))+$"}]})"},
    TypeSchema{"date or instant", R"({"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}"})"},
    TypeSchema{"local time or instant",
               R"({"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}"})"},
    TypeSchema{"expression", R"({"type":"string","minLength":1})"},
    TypeSchema{
        "whole number or expression",
        R"({"anyOf":[{"type":"integer","minimum":0},{"type":"string","pattern":"[.(<>=!]"}]})"},
    TypeSchema{"true, false or expression",
               R"({"anyOf":[{"type":"boolean"},{"type":"string","pattern":"[.(<>=!]"}]})"},
};

// Which key leads into which section, and how: one mapping, a list of them, or names of them.
enum class Holds : std::uint8_t { one, list, names };
struct Leads {
  Section from;
  std::string_view key;
  Holds holds;
  Section to;
};
constexpr std::array kLeads = {
    Leads{file, "agent", Holds::one, agent},
    Leads{file, "servers", Holds::names, of_server},
    Leads{file, "counters", Holds::names, counter},
    Leads{of_server, "environment", Holds::one, environment},
    Leads{file, "tools", Holds::one, tools},
    Leads{file, "execution", Holds::one, execution},
    Leads{file, "approval", Holds::one, approval},
    Leads{file, "secrets", Holds::one, secrets},
    Leads{file, "escalation", Holds::one, escalation},
    Leads{file, "autonomy", Holds::one, autonomy},
    Leads{file, "freeze", Holds::list, freeze},
    Leads{file, "accept_risk", Holds::list, risk},
    Leads{file, "may_request", Holds::list, may_request},
    Leads{tools, "allowed", Holds::list, entry},
    Leads{entry, "constraints", Holds::one, constraints},
    Leads{entry, "approval", Holds::one, approval},
    Leads{entry, "cases", Holds::list, situation},
    Leads{situation, "approval", Holds::one, approval},
    Leads{approval, "route", Holds::list, route},
    Leads{approval, "wider", Holds::one, wider},
    Leads{task, "execution", Holds::one, execution},
    Leads{argument, "path", Holds::one, path},
    Leads{argument, "url", Holds::one, url},
    Leads{argument, "sql", Holds::one, sql},
    Leads{argument, "shell", Holds::one, shell},
    Leads{argument, "argv", Holds::one, argv},
    Leads{argument, "manifest", Holds::one, manifest},
    Leads{argument, "k8s_kind", Holds::one, k8s_kind},
    Leads{entry, "examples", Holds::one, examples},
    Leads{commands, "rows", Holds::list, row},
    Leads{row, "approval", Holds::one, approval},
    Leads{row, "cases", Holds::list, situation},
    Leads{execution, "on_budget_exceeded", Holds::one, budget},
    Leads{escalation, "contacts", Holds::list, contact},
    Leads{autonomy, "types", Holds::names, type},
    Leads{layer, "require", Holds::list, requirement},
    Leads{layer, "except", Holds::list, exception},
    Leads{layer, "execution", Holds::one, execution},
    Leads{layer, "secrets", Holds::one, secrets},
    Leads{layer, "escalation", Holds::one, escalation},
    Leads{layer, "freeze", Holds::list, freeze},
    Leads{requirement, "approval", Holds::one, approval},
    Leads{deployment, "listen", Holds::one, listen},
    Leads{listen, "tls", Holds::one, tls},
    Leads{deployment, "limits", Holds::one, gateway_limits},
    Leads{deployment, "traces", Holds::one, traces},
    Leads{deployment, "roles", Holds::names, role},
    Leads{role, "observe", Holds::one, observe},
    Leads{deployment, "servers", Holds::names, server},
    Leads{deployment, "people", Holds::one, people},
    Leads{deployment, "notify", Holds::one, notify},
    Leads{notify, "contacts", Holds::list, notify_contact},
    Leads{notify, "slack", Holds::one, notify_slack},
    Leads{notify, "webhooks", Holds::names, notify_webhook},
    Leads{notify, "pagerduty", Holds::one, notify_pagerduty},
    Leads{notify, "mail", Holds::one, notify_mail},
    Leads{notify_slack, "token", Holds::one, secret_source},
    Leads{notify_slack, "signing_secret", Holds::one, secret_source},
    Leads{notify_webhook, "secret", Holds::one, secret_source},
    Leads{person, "automatic", Holds::one, automatic},
    Leads{automatic, "secret", Holds::one, secret_source},
    Leads{notify_pagerduty, "services", Holds::names, secret_source},
    Leads{notify_mail, "password", Holds::one, secret_source},
    Leads{deployment, "drill", Holds::one, drill},
    Leads{people, "idp", Holds::one, person_provider},
    Leads{person_provider, "client_secret", Holds::one, secret_source},
    Leads{deployment, "vigilance", Holds::one, vigilance},
    Leads{vigilance, "calls", Holds::list, vigilance_call},
    Leads{deployment, "credentials", Holds::names, credential},
    Leads{credential, "accept_risk", Holds::one, credential_risk},
    Leads{credential, "vault", Holds::one, vault},
    Leads{credential, "oauth", Holds::one, oauth},
    Leads{credential, "github_app", Holds::one, github_app},
    Leads{credential, "aws_sts", Holds::one, aws_sts},
    Leads{credential, "login", Holds::one, login},
    Leads{vault, "token", Holds::one, secret_source},
    Leads{vault, "secret_id", Holds::one, secret_source},
    Leads{oauth, "client_secret", Holds::one, secret_source},
    Leads{oauth, "subject", Holds::one, secret_source},
    Leads{github_app, "key", Holds::one, secret_source},
    Leads{aws_sts, "secret_key", Holds::one, secret_source},
    Leads{aws_sts, "session_token", Holds::one, secret_source},
    Leads{deployment, "store", Holds::one, store},
    Leads{deployment, "agents", Holds::names, deployed_agent},
    Leads{deployed_agent, "jwt", Holds::one, agent_jwt},
    Leads{deployed_agent, "certificate", Holds::one, agent_certificate},
    Leads{deployment, "issuers", Holds::names, issuer},
    Leads{issuer, "scopes", Holds::one, issuer_scopes},
    Leads{deployment, "trust_domains", Holds::names, trust_domain},
};

std::string reference_to(Section section) {
  std::string name;
  for (const char c : place(section)) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') name += c;
    if (c == '.' || c == ' ') name += '-';
  }
  return name;
}

std::string ref(Section section) {
  return fmt::format(R"({{"$ref":"#/$defs/{}"}})", reference_to(section));
}

// `a`, `b` or `c` in backticks: one of these words.
std::optional<std::string> word_list(std::string_view type) {
  if (!type.starts_with('`')) return std::nullopt;
  json::Writer out;
  out.object().key("enum").array();
  bool inside = false;
  for (const std::string_view part : split(type, '`')) {
    if (inside && part == "1") {
      out.integer(1);
    } else if (inside) {
      out.string(part);
    }
    inside = !inside;
  }
  out.end().end();
  return out.take();
}

std::optional<std::string> led_to(const Key& key) {
  const auto found = std::ranges::find_if(
      kLeads, [&](const Leads& row) { return row.from == key.section && row.key == key.name; });
  if (found == kLeads.end()) return std::nullopt;
  const std::string to = ref(found->to);
  switch (found->holds) {
    case Holds::one:
      return to;
    case Holds::list:
      return fmt::format(R"({{"type":"array","items":{},"minItems":1}})", to);
    case Holds::names:
      return fmt::format(R"({{"type":"object","additionalProperties":{}}})", to);
  }
  return std::nullopt;
}

// Keys whose values have a form of their own.
std::optional<std::string> special(const Key& key) {
  if (key.type == "list of rows, or a mapping") {
    return fmt::format(R"({{"anyOf":[{{"type":"array","items":{},"minItems":1}},{}]}})", ref(row),
                       ref(commands));
  }
  if (key.type == "true, or a mapping") {
    return fmt::format(R"({{"anyOf":[{{"type":"boolean"}},{}]}})", ref(row_writes));
  }
  if (key.type == "list of texts or rows") {
    return fmt::format(
        R"({{"type":"array","items":{{"anyOf":[{{"type":"string"}},{}]}},"minItems":1}})",
        ref(line_row));
  }
  if (key.type == "counters") {
    return fmt::format(
        R"({{"anyOf":[{{"type":"object","additionalProperties":{0}}},{{"type":"array",)"
        R"("minItems":1,"items":{{"anyOf":[{{"type":"string"}},{0}]}}}}]}})",
        ref(counter));
  }
  if (key.type == "mapping of arguments" || key.type == "mapping of members") {
    return fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}})",
                       kValuesSchema, ref(argument));
  }
  if (key.type == "expression or mapping of arguments") {
    return fmt::format(R"({{"anyOf":[{{"type":"string","minLength":1}},)"
                       R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}}]}})",
                       kValuesSchema, ref(argument));
  }
  if (key.type == "list of names and mappings") {
    return fmt::format(
        R"({{"type":"array","minItems":1,"items":{{"anyOf":[{{"type":"string"}},{}]}}}})",
        ref(task_tool));
  }
  if (key.section == file && key.name == "environment") {
    return fmt::format(R"({{"anyOf":[{{"enum":["development","staging","production"]}},{}]}})",
                       ref(environment));
  }
  if (key.section == examples) {
    return R"({"anyOf":[{"type":"string"},{"type":"array","minItems":1,)"
           R"("items":{"type":["string","object"]}}]})";
  }
  if (key.type == "mapping of names to lists") {
    return fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}})",
                       kValuesSchema, ref(list));
  }
  if (key.type == "mapping of group names") {
    return fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}})",
                       kTextsSchema, ref(provider_group));
  }
  return std::nullopt;
}

std::optional<std::string> schema_of(const Key& key) {
  if (auto found = led_to(key)) return found;
  if (auto found = special(key)) return found;
  if (auto found = word_list(key.type)) return found;
  const auto row = std::ranges::find(kTypes, key.type, &TypeSchema::type);
  if (row == kTypes.end()) return std::nullopt;
  return std::string(row->schema);
}

// The word may also be a value that holds without the key: `where` is `required` or `optional`.
bool must_stand(const Key& key) {
  return key.preset == "required" && !key.type.contains("`required`");
}

// `The sentence. Without it: nothing. Rule 6.`
std::string description_of(const Key& key) {
  std::string out(key.sentence);
  if (must_stand(key)) {
    out += " Required.";
  } else if (!key.preset.empty()) {
    out += fmt::format(" Without it: {}.", key.preset);
  }
  if (key.rule > 0) out += fmt::format(" Rule {}.", key.rule);
  return out;
}

// The key's schema with its description in front.
std::string property(const Key& key) {
  const std::string schema = schema_of(key).value_or("{}");
  std::string out = R"({"description":)";
  json::write_string(description_of(key), out);
  return out + (schema == "{}" ? "}" : "," + schema.substr(1));
}

bool is_pattern(const Key& key) {
  return key.name.ends_with("_X");
}

void put_section(Section section, json::Writer& out) {
  std::vector<std::string_view> required;
  out.object().key("type").string("object").key("properties").object();
  for (const Key& key : all_keys()) {
    if (key.section != section || key.later || is_pattern(key)) continue;
    out.key(key.name).raw(property(key));
    if (must_stand(key)) required.push_back(key.name);
  }
  out.end();
  bool patterns = false;
  for (const Key& key : all_keys()) {
    if (key.section != section || key.later || !is_pattern(key)) continue;
    if (!patterns) out.key("patternProperties").object();
    patterns = true;
    const std::string_view prefix = key.name.substr(0, key.name.size() - 1);
    out.key(fmt::format("^{}.+$", prefix)).raw(property(key));
  }
  if (patterns) out.end();
  if (!required.empty()) {
    out.key("required").array();
    for (const std::string_view name : required) out.string(name);
    out.end();
  }
  out.key("additionalProperties");
  if (section == people) {
    out.raw(ref(person));
  } else {
    out.boolean(false);
  }
  out.end();
}

}  // namespace

std::string keys_schema(Section root) {
  json::Writer out;
  out.object().key("$schema").string("https://json-schema.org/draft/2020-12/schema");
  out.key("title").string(root == deployment ? "pawl deployment file"
                          : root == layer    ? "pawl layer file"
                                             : "pawl policy file");
  out.key("description");
  out.string(
      "Made by `pawl schema` from the program's own table of keys. `pawl check` checks more.");
  out.key("$ref").string("#/$defs/" + reference_to(root));
  out.key("$defs").object();
  for (const Section section : all_sections()) {
    if (of_deployment(section) != of_deployment(root)) continue;
    out.key(reference_to(section));
    put_section(section, out);
  }
  out.end().end();
  return out.take();
}

std::vector<std::string> keys_without_schema() {
  std::vector<std::string> out;
  for (const Key& key : all_keys()) {
    if (key.later || schema_of(key)) continue;
    out.push_back(fmt::format("{} {}: {}", place(key.section), key.name, key.type));
  }
  return out;
}

}  // namespace pawl
