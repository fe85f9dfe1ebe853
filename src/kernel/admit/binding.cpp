// What an approval is good for: one deterministic text, hashed.
#include <string>

#include <re2/re2.h>

#include "kernel/admit/access.h"
#include "kernel/policy/commands.h"
#include "lang/document/manifest.h"
#include "lang/sql/judge.h"

namespace pawl {

namespace {

void put_texts(std::string_view key, const std::vector<std::string>& texts, json::Writer& out) {
  if (texts.empty()) return;
  out.key(key).array();
  for (const std::string& text : texts) out.string(text);
  out.end();
}

void put_count(std::string_view key, const std::optional<std::uint64_t>& count, json::Writer& out) {
  if (count) out.key(key).natural(*count);
}

void put_path(const PathCheck& path, json::Writer& out) {
  std::vector<std::string> leads;
  for (const auto& [directory, place] : path.leads) leads.insert(leads.end(), {directory, place});
  out.key("path").object().key("base").string(path.base);
  put_texts("leads", leads, out);
  if (path.named_only) out.key("named_only").boolean(true);
  put_texts("not_in", path.not_in, out);
  if (!path.signs.empty()) out.key("signs").string(path.signs);
  put_texts("under", path.under, out);
  out.end();
}

void put_url(const UrlCheck& url, json::Writer& out) {
  out.key("url").object();
  put_texts("hosts", url.hosts, out);
  put_count("query_max", url.query_max, out);
  put_texts("schemes", url.schemes, out);
  out.end();
}

void put_arguments(const std::vector<ArgumentRule>& rules, json::Writer& out);

void put_sql(const sql::SqlRule& sql, json::Writer& out) {
  out.key("sql").object();
  if (sql.columns) put_texts("columns", *sql.columns, out);
  out.key("dialect").string(sql.dialect);
  put_texts("functions", sql.functions, out);
  put_texts("statements", sql.statements, out);
  out.key("statements_max").natural(sql.statements_max);
  put_texts("tables", sql.tables, out);
  put_texts("types", sql.types, out);
  out.key("where_required").boolean(sql.where_required).end();
}

void put_line(const LineRule& line, json::Writer& out) {
  out.key("line").object().key("dialect").string(shell::to_string(line.dialect));
  put_texts("rows", line.spelled, out);
  out.key("words").boolean(line.words).end();
}

void put_manifest(const document::ManifestRule& manifest, json::Writer& out) {
  out.key("manifest").object();
  put_texts("deny", manifest.denies, out);
  put_texts("kinds", manifest.kinds, out);
  put_texts("namespaces", manifest.namespaces, out);
  out.end();
}

void put_check(const Check& check, json::Writer& out) {
  out.object();
  if (check.bound) out.key("bound").number(*check.bound);
  out.key("count").natural(check.count);
  if (check.exact_bound) out.key("exact_bound").integer(*check.exact_bound);
  out.key("excludes").boolean(check.excludes).key("kind").string(to_string(check.kind));
  if (check.line) put_line(*check.line, out);
  if (check.manifest) put_manifest(*check.manifest, out);
  if (check.members) {
    out.key("members").object();
    put_arguments(*check.members, out);
    out.end();
  }
  if (check.path) put_path(*check.path, out);
  if (check.pattern) out.key("pattern").string(check.pattern->pattern());
  if (check.sql) put_sql(*check.sql, out);
  put_texts("texts", check.texts, out);
  if (check.url) put_url(*check.url, out);
  if (!check.values.empty()) {
    out.key("values").array();
    for (const Literal& value : check.values) out.string(value.json);
    out.end();
  }
  out.end();
}

void put_sources(std::string_view key, const std::vector<OriginSource>& sources,
                 json::Writer& out) {
  if (sources.empty()) return;
  out.key(key).array();
  for (const OriginSource& source : sources) out.string(to_string(source));
  out.end();
}

void put_arguments(const std::vector<ArgumentRule>& rules, json::Writer& out) {
  out.key("args").array();
  for (const ArgumentRule& rule : rules) {
    out.object().key("checks").array();
    for (const Check& check : rule.checks) put_check(check, out);
    out.end();
    put_sources("from", rule.from, out);
    out.key("lines_allowed").boolean(rule.lines_allowed);
    out.key("min_items").natural(rule.min_items);
    put_sources("or_from", rule.or_from, out);
    if (rule.otherwise == Effect::hold) out.key("otherwise").string(to_string(rule.otherwise));
    out.key("path").string(to_string(rule.path));
    out.key("plural").string(rule.plural).key("required").boolean(rule.required).end();
  }
  out.end();
}

void put_commands(const CommandRule& rule, json::Writer& out) {
  out.key("commands").object().key("argument").string(rule.argument);
  put_texts("directories", rule.directories, out);
  put_line(rule.line, out);
  out.key("otherwise").string(to_string(rule.otherwise)).end();
}

using Conditions = std::vector<std::shared_ptr<const Condition>>;

void put_terms(std::string_view key, const ApprovalTerms& terms, const Conditions& conditions,
               json::Writer& out) {
  out.key(key).object();
  if (terms.deny_on_timeout) out.key("deny_on_timeout").boolean(*terms.deny_on_timeout);
  if (terms.quorum) out.key("quorum").natural(*terms.quorum);
  put_texts("reviewers", terms.reviewers, out);
  if (!terms.routes.empty()) {
    out.key("routes").array();
    for (const Route& route : terms.routes) {
      out.object().key("if").string(conditions[route.condition]->text());
      put_texts("to", route.reviewers, out);
      out.end();
    }
    out.end();
  }
  if (terms.typed) out.key("typed").string(terms.typed->argument);
  if (terms.wider) {
    out.key("wider").object().key("identical").natural(terms.wider->identical);
    out.key("run_ns").integer(terms.wider->run.ns).end();
  }
  if (terms.within) out.key("within_ns").integer(terms.within->ns);
  out.end();
}

void put_condition(std::string_view key, const Conditions& conditions, const ConditionPlace& place,
                   json::Writer& out) {
  if (place) out.key(key).string(conditions[*place]->text());
}

void put_cases(const ToolRule& entry, json::Writer& out) {
  if (entry.cases.empty()) return;
  out.key("cases").array();
  for (const Case& one : entry.cases.list) {
    out.object();
    put_arguments(one.arguments, out);
    if (one.action_class) out.key("class").string(to_string(*one.action_class));
    put_condition("if", entry.conditions, one.condition, out);
    if (!one.limits.empty()) {
      out.key("limits").object();
      put_arguments(one.limits, out);
      out.end();
    }
    put_terms("terms", one.approval, entry.conditions, out);
    out.key("then").string(to_string(one.then)).end();
  }
  out.end().key("else").string(to_string(entry.cases.otherwise));
}

// What the sums may come to; not what they are.
void put_counters(const ToolRule& entry, json::Writer& out) {
  if (entry.counters.empty()) return;
  out.key("counters").array();
  for (const CounterRule& counter : entry.counters) {
    out.object().key("add").string(added_by(counter, entry));
    out.key("by").string(to_string(counter.by)).key("id").string(counter.id);
    out.key("max_nano").natural(counter.max.nano);
    out.key("window_ns").integer(counter.window.ns).end();
  }
  out.end();
}

// What organisation and team ask, in every layer. Ends of exceptions are times, like freezes, and
// not in it.
void put_layers(const Policy& policy, json::Writer& out) {
  if (policy.layers.empty()) return;
  out.key("layers").array();
  for (const Layer& layer : policy.layers) {
    out.object().key("except").array();
    for (const Exception& one : layer.exceptions) {
      if (one.role != policy.agent) continue;
      out.object().key("if").string(one.condition ? one.condition->text() : "");
      out.key("then").string(to_string(one.then)).key("tool").string(one.tool.text()).end();
    }
    out.end().key("require").array();
    for (const Requirement& row : layer.requirements) {
      out.object().key("if").string(row.condition->text());
      put_terms("terms", row.approval, {}, out);
      out.key("then").string(to_string(row.then)).end();
    }
    out.end().end();
  }
  out.end();
}

// The compiled slice of the policy that decides this tool. Places in the file, the words for agents
// and reviewers, and other entries are not in it, so that a reformatted file keeps its approvals.
void put_slice(const Policy& policy, const BoundTool& tool, json::Writer& out) {
  const ToolRule& entry = *tool.entry;
  out.object().key("agent").string(policy.agent);
  put_condition("approval_if", entry.conditions, entry.approval_if, out);
  put_arguments(tool.arguments, out);
  if (entry.class_by_call) {
    out.key("by_call").array();
    for (const auto& pack : policy.packs) out.string(to_string(pack->digest));
    out.end();
  }
  put_cases(entry, out);
  out.key("class").string(to_string(tool.action_class));
  put_counters(entry, out);
  if (entry.commands) put_commands(*entry.commands, out);
  out.key("credential").string(entry.credential);
  if (entry.credential_by != nullptr) {
    out.key("credential_by").object();
    for (const auto& [value, name] : entry.credential_by->values) out.key("=" + value).string(name);
    out.key("of").string(to_string(entry.credential_by->argument)).end();
  }
  out.key("environment").string(to_string(policy.environment));
  if (entry.environment_by != nullptr) {
    out.key("environment_by").object();
    for (const auto& [value, environment] : entry.environment_by->values) {
      out.key("=" + value).string(to_string(environment));
    }
    out.key("of").string(to_string(entry.environment_by->argument)).end();
  }
  put_condition("if", entry.conditions, entry.only_if, out);
  out.key("key").string(entry.key);
  put_layers(policy, out);
  if (tool.line != nullptr) {
    const ToolRule& lent = tool.wanted_entry == nullptr ? entry : *tool.wanted_entry;
    out.key("line").string(line_digest(policy, *tool.line, lent));
  }
  put_count("max_calls_per_minute", entry.max_calls_per_minute, out);
  put_count("max_calls_per_run", entry.max_calls_per_run, out);
  put_count("max_output_tokens", entry.max_output_tokens, out);
  put_count("max_records_per_run", entry.max_records_per_run, out);
  put_texts("named", tool.named, out);
  put_terms("own_terms", entry.approval, entry.conditions, out);
  put_count("records", entry.records_stated, out);
  put_condition("records_by", entry.conditions, entry.records_by, out);
  out.key("requires_approval").boolean(entry.requires_approval);
  if (entry.scope) put_texts("scope", entry.scope->fields(), out);
  // A case or a row may set the mark for a call.
  if (tool.action_class.external_sink || !entry.cases.empty() || entry.commands != nullptr) {
    out.key("secrets").string(to_string(policy.secrets_of(entry)));
    put_texts("secrets_listed", policy.secrets.texts, out);
  }
  const bool claimed = policy.default_stage.has_value();
  out.key("stage").string(claimed ? to_string(policy.stage_of(entry)) : "unclaimed");
  put_terms("terms", policy.approval, policy.conditions, out);
  put_texts("uses", entry.provider_uses, out);
  out.end();
}

void put_paths(const std::vector<PathFact>& paths, json::Writer& out) {
  out.key("paths").array();
  for (const PathFact& path : paths) {
    out.object().key("failure").string(path.failure);
    out.key("pointer").string(path.pointer).key("resolved").string(path.resolved).end();
  }
  out.end();
}

void put_programs(const std::vector<ProgramFact>& programs, json::Writer& out) {
  if (programs.empty()) return;
  out.key("programs").array();
  for (const ProgramFact& program : programs) {
    out.object().key("found").string(program.found).key("real").string(program.real);
    out.key("word").string(program.word).end();
  }
  out.end();
}

}  // namespace

std::string spelled_rules(const std::vector<ArgumentRule>& rules) {
  json::Writer out;
  out.object();
  put_arguments(rules, out);
  out.end();
  return out.take();
}

Digest binding_of(const Policy& policy, const BoundTool& tool, const Run& run, const Call& call,
                  const Facts& facts) {
  json::Writer out;
  out.object().key("agent").string(run.agent);
  out.key("arguments");
  if (call.arguments.exists()) {
    out.value(call.arguments);
  } else {
    out.object().end();
  }
  out.key("definition").string(facts.definition);
  out.key("identity").string(run.identity);
  put_paths(facts.paths, out);
  out.key("pin").string(to_string(facts.pin));
  put_programs(facts.programs, out);
  out.key("run").string(run.id);
  out.key("slice");
  put_slice(policy, tool, out);
  out.key("sponsor").string(run.sponsor);
  out.key("tool").string(call.name()).end();
  return sha256({"pawl binding v1\n", out.text()});
}

Digest likeness_of(const Situation& s, const Verdict& verdict) {
  json::Writer out;
  out.object().key("cases").natural(verdict.cases);
  out.key("class").string(to_string(verdict.action_class));
  out.key("credential").string(verdict.credential == nullptr ? "" : *verdict.credential);
  out.key("definition").string(s.facts.definition);
  out.key("environment").string(to_string(verdict.environment));
  out.key("pin").string(to_string(s.facts.pin));
  out.key("slice");
  put_slice(s.policy, *s.tool, out);
  out.key("tool").string(s.call.name()).end();
  return sha256({"pawl likeness v1\n", out.text()});
}

}  // namespace pawl
