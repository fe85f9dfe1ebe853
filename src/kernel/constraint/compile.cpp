// From what the policy's author wrote to what the evaluator reads.
#include <fmt/format.h>
#include <re2/re2.h>

#include <memory>
#include <utility>

#include "base/text.h"
#include "kernel/constraint/compiled.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/url_text.h"
#include "lang/document/kinds.h"

namespace pawl {
namespace {

constexpr std::size_t pattern_bytes_max = 4096;
constexpr std::int64_t pattern_memory_bytes_max = 2L << 20;  // of program and state cache

Status compile_literals(Check& check) {
  if (check.values.empty()) return fail(ErrorKind::invalid, "the list of values is empty");
  for (Literal& literal : check.values) {
    if (Status completed = complete(literal); !completed) return completed;
  }
  check.index = std::make_shared<const LiteralSet>(check.values);
  return {};
}

Status compile_pattern(Check& check) {
  if (check.pattern == nullptr) {
    if (check.texts.size() != 1) return fail(ErrorKind::invalid, "`matches` needs one pattern");
    const std::string& written = check.texts.front();
    if (written.empty()) return fail(ErrorKind::invalid, "an empty pattern matches nothing of use");
    if (written.size() > pattern_bytes_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("the pattern is longer than {} bytes", pattern_bytes_max));
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_memory_bytes_max);
    check.pattern = std::make_shared<const re2::RE2>(written, options);
  }
  if (!check.pattern->ok()) {
    return fail(ErrorKind::invalid, fmt::format("`{}` is not a pattern of RE2: {}",
                                                escape_untrusted(check.pattern->pattern()),
                                                escape_untrusted(check.pattern->error())));
  }
  return {};
}

Status compile_prefixes(const Check& check) {
  if (check.texts.empty()) return fail(ErrorKind::invalid, "`prefix` needs a text");
  for (const std::string& text : check.texts) {
    if (text.empty()) return fail(ErrorKind::invalid, "an empty `prefix` allows everything");
  }
  return {};
}

Status compile_bound(const Check& check) {
  if (check.bound || check.exact_bound) return {};
  return fail(ErrorKind::invalid, fmt::format("`{}` needs a number", to_string(check.kind)));
}

Status compile_hosts(Check& check, HostSet::Entries entries) {
  Result<HostSet> hosts = HostSet::make(check.texts, entries);
  if (!hosts) return std::unexpected(hosts.error());
  check.index = std::make_shared<const HostSet>(std::move(*hosts));
  return {};
}

Status compile_prefixes_of_addresses(Check& check) {
  if (check.texts.empty()) return fail(ErrorKind::invalid, "the list of address ranges is empty");
  std::vector<Prefix> prefixes;
  for (const std::string& text : check.texts) {
    const std::optional<Prefix> prefix = parse_prefix(text);
    if (!prefix) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is not an address range in canonical spelling, such as "
                              "`10.0.0.0/8` or `2001:db8::/32`",
                              escape_untrusted(text)));
    }
    prefixes.push_back(*prefix);
  }
  check.index = std::make_shared<const std::vector<Prefix>>(std::move(prefixes));
  return {};
}

Status compile_path_check(Check& check) {
  if (check.path == nullptr) return fail(ErrorKind::invalid, "`path` needs `under`");
  Result<PathRule> rule = compile_path(*check.path);
  if (!rule) return std::unexpected(rule.error());
  check.path = std::make_shared<const PathCheck>(PathCheck{.under = rule->under,
                                                           .not_in = check.path->not_in,
                                                           .base = rule->base,
                                                           .leads = rule->leads});
  check.index = std::make_shared<const PathRule>(std::move(*rule));
  return {};
}

Status compile_url(Check& check) {
  if (check.url == nullptr) return fail(ErrorKind::invalid, "`url` needs `host`");
  UrlCheck canonical = *check.url;
  for (std::string& host : canonical.hosts) host = lower_ascii(host);
  if (canonical.schemes.empty()) canonical.schemes = {"https"};
  for (std::string& scheme : canonical.schemes) {
    scheme = lower_ascii(scheme);
    UrlParts parts;
    if (!read_url(scheme + "://host.example", parts).empty()) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is not a scheme", escape_untrusted(scheme)));
    }
  }
  Result<HostSet> hosts = HostSet::make(canonical.hosts, HostSet::Entries::hosts);
  if (!hosts) return std::unexpected(hosts.error());
  check.index = std::make_shared<const UrlRule>(
      UrlRule{std::move(*hosts), canonical.schemes, canonical.query_max});
  check.url = std::make_shared<const UrlCheck>(std::move(canonical));
  return {};
}

Status compile_sql(Check& check) {
  if (check.sql == nullptr) return fail(ErrorKind::internal, "a check of SQL without a rule");
  sql::SqlRule rule = *check.sql;
  if (Status compiled = sql::compile(rule); !compiled) return compiled;
  check.sql = std::make_shared<const sql::SqlRule>(std::move(rule));
  check.index = check.sql;
  return {};
}

Status compile_manifest(Check& check) {
  if (check.manifest == nullptr) return fail(ErrorKind::internal, "a manifest without a rule");
  document::ManifestRule rule = *check.manifest;
  if (Status compiled = document::compile(rule); !compiled) return compiled;
  check.manifest = std::make_shared<const document::ManifestRule>(std::move(rule));
  check.index = check.manifest;
  return {};
}

Status compile_members(Check& check) {
  if (check.members == nullptr || check.members->empty()) {
    return fail(ErrorKind::invalid, "`json` names no member");
  }
  for (const ArgumentRule& rule : *check.members) {
    if (rule.path.empty() || rule.path.front().each) {
      return fail(ErrorKind::invalid, "a member of `json` needs a name");
    }
  }
  check.index = check.members;
  return {};
}

Status compile_kinds(Check& check) {
  if (Status compiled = document::compile_kinds(check.texts); !compiled) return compiled;
  check.index = std::make_shared<const std::vector<std::string>>(check.texts);
  return {};
}

}  // namespace

std::string_view to_string(CheckKind kind) {
  switch (kind) {
    case CheckKind::in:
      return "in";
    case CheckKind::not_in:
      return "not_in";
    case CheckKind::min:
      return "min";
    case CheckKind::max:
      return "max";
    case CheckKind::matches:
      return "matches";
    case CheckKind::prefix:
      return "prefix";
    case CheckKind::max_length:
      return "max_length";
    case CheckKind::max_items:
      return "max_items";
    case CheckKind::min_items:
      return "min_items";
    case CheckKind::single_line:
      return "single_line";
    case CheckKind::path:
      return "path";
    case CheckKind::url:
      return "url";
    case CheckKind::email_domain:
      return "email_domain";
    case CheckKind::cidr:
      return "cidr";
    case CheckKind::hosts_in:
      return "hosts_in";
    case CheckKind::sql:
      return "sql";
    case CheckKind::shell:
      return "shell";
    case CheckKind::argv:
      return "argv";
    case CheckKind::manifest:
      return "manifest";
    case CheckKind::json:
      return "json";
    case CheckKind::k8s_kind:
      return "k8s_kind";
  }
  return "in";
}

Status compile(Check& check) {
  switch (check.kind) {
    case CheckKind::in:
    case CheckKind::not_in:
      return compile_literals(check);
    case CheckKind::min:
    case CheckKind::max:
      return compile_bound(check);
    case CheckKind::matches:
      return compile_pattern(check);
    case CheckKind::prefix:
      return compile_prefixes(check);
    case CheckKind::max_length:
    case CheckKind::max_items:
    case CheckKind::min_items:
    case CheckKind::single_line:
      return {};
    case CheckKind::path:
      return compile_path_check(check);
    case CheckKind::url:
      return compile_url(check);
    case CheckKind::email_domain:
      return compile_hosts(check, HostSet::Entries::domains);
    case CheckKind::cidr:
      return compile_prefixes_of_addresses(check);
    case CheckKind::hosts_in:
      return compile_hosts(check, HostSet::Entries::hosts);
    case CheckKind::sql:
      return compile_sql(check);
    case CheckKind::shell:
    case CheckKind::argv:
      if (check.line == nullptr) return fail(ErrorKind::internal, "a line without rows");
      check.index = check.line;
      return {};
    case CheckKind::manifest:
      return compile_manifest(check);
    case CheckKind::json:
      return compile_members(check);
    case CheckKind::k8s_kind:
      return compile_kinds(check);
  }
  return fail(ErrorKind::internal, "a check of an unknown kind");
}

}  // namespace pawl
