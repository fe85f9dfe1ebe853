#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/nfc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/protocol/response_filter.h"
#include "kernel/constraint/check_value.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/line_rule.h"
#include "kernel/definition/definition.h"
#include "kernel/origin/origin.h"
#include "kernel/origin/structured.h"
#include "kernel/origin/words.h"
#include "lang/cel/expr.h"
#include "lang/document/manifest.h"
#include "lang/json_schema/schema.h"
#include "lang/secret/scrub.h"
#include "lang/secret/secret.h"
#include "lang/shell/rows.h"
#include "lang/sql/scan.h"
#include "test/linear/subjects.h"

namespace pawl::linear {
namespace {

// Beginnings and parts of what the readers look for, and runs of what they skip.
constexpr std::string_view patterns[] = {
    "data:a!",
    "data:",
    "http://",
    "http://a.example/",
    "http:\n",
    "//a.",
    "a@",
    "@a.example",
    "%25",
    "%",
    "&#0",
    "&#x0000000000",
    "&amp;",
    "[[[[",
    "((((",
    "[.]",
    "\\u0041",
    "\\\\",
    "\\\"",
    "a",
    "a.",
    "www.",
    "a.example ",
    ".",
    ":",
    "/",
    "\\",
    "://",
    "://a:",
    "eyJ",
    "eyJhbGciOi.",
    "sk-",
    "Bearer ",
    "AKIA",
    "BEGIN ",
    "key-",
    "SG.",
    "cio",
    "\u3002",
    "\u200b",
    "e\u0301",
    "\uFF41",
    "\n",
    "\t",
    "\r\n",
    "\"",
    "'",
    "' ",
    " '",
    "\u201c",
    "`",
    "> a\n",
    "---\n",
    "-",
    "```\n",
    "a: b\n",
    "- ",
    "- a\n",
    "{",
    "{a: ",
    "[a, ",
    "$(",
    "${a:-",
    "<<E\n",
    "$((",
    "a=b ",
    "a|",
    "a;",
    "{a,b}",
    "*",
    "a--",
    "/*",
    "select ",
    "a,",
    "$a$",
    "aaaaaaaaaa\n",
    "On a wrote:\n",
    "0123456789",
    "d2e1",
    "\xff",
    "\xf0\x9f",
    "Aa1",
    "(?:",
    "0",
    "secret-of-the-house",
};

struct Reader {
  std::string_view name;
  std::size_t bytes_most;
  std::function<void(const std::string& text)> read;
};

Check compiled(Check check) {
  if (!compile(check)) std::abort();
  return check;
}

Check check_of(CheckKind kind, std::vector<std::string> texts = {}) {
  Check check{};
  check.kind = kind;
  check.texts = std::move(texts);
  return check;
}

// One rule about the argument `a`, as it stands in a call.
std::function<void(const std::string&)> judged(Check check,
                                               std::vector<OriginSource> or_from = {}) {
  auto rule = std::make_shared<ArgumentRule>();
  rule->path = *parse_argument_path("a");
  rule->lines_allowed = true;
  rule->checks.push_back(compiled(std::move(check)));
  rule->or_from = std::move(or_from);
  return [rule](const std::string& text) {
    json::Writer out;
    out.object().key("a").string(text).end();
    const json::Document document = *json::parse(out.text(), {.bytes_max = 64UL << 20});
    std::vector<Rewrite> rewrites;
    (void)evaluate(*rule, document.root(), nullptr, {}, rewrites);
  };
}

Check path_check() {
  Check check = check_of(CheckKind::path);
  check.path = std::make_shared<const PathCheck>(
      PathCheck{{"/srv"}, {".git/**", "**/secret*/*a*b*c*"}, "/srv"});
  return check;
}
Check url_check() {
  Check check = check_of(CheckKind::url);
  check.url = std::make_shared<const UrlCheck>(UrlCheck{{"a.example", "*.b.example"}, {}, {}});
  return check;
}
Check manifest_check() {
  Check check = check_of(CheckKind::manifest);
  document::ManifestRule rule{{"Deployment", "ConfigMap"}, {"a"}, document::deny_words()};
  if (!document::compile(rule)) std::abort();
  check.manifest = std::make_shared<const document::ManifestRule>(std::move(rule));
  return check;
}
Check line_check(CheckKind kind) {
  Check check = check_of(kind);
  LineRule rule;
  rule.words = kind == CheckKind::argv;
  const std::vector<shell::Row> rows = {{.run = {"ls", "git status", "a"}},
                                        {.run = {"rm -rf", "git push"}, .stops = true}};
  rule.rows = *shell::Rows::compile(rows);
  check.line = std::make_shared<const LineRule>(std::move(rule));
  return check;
}
Check json_check() {
  Check check = check_of(CheckKind::json);
  ArgumentRule member;
  member.path = *parse_argument_path("a");
  member.checks.push_back(compiled(check_of(CheckKind::matches, {"[a-z]+"})));
  check.members = std::make_shared<const std::vector<ArgumentRule>>(std::vector{member});
  return check;
}
Check listed_check(CheckKind kind) {
  Check check = check_of(kind);
  for (const char* value : {R"("a")", R"("b")", "7"}) {
    check.values.push_back(Literal{value, {}, {}, {}});
  }
  return check;
}
Check counted_check(CheckKind kind, std::uint64_t count) {
  Check check = check_of(kind);
  check.count = count;
  return check;
}

void add_constraints(std::vector<Reader>& out) {
  constexpr std::size_t any = 4UL << 20;
  out.push_back({"hosts_in", any, judged(check_of(CheckKind::hosts_in, {"a.example"}))});
  out.push_back({"in", any, judged(listed_check(CheckKind::in))});
  out.push_back({"not_in", any, judged(listed_check(CheckKind::not_in))});
  out.push_back({"prefix", any, judged(check_of(CheckKind::prefix, {"a", "http"}))});
  out.push_back({"matches a run", any, judged(check_of(CheckKind::matches, {"(a|b|[^x])*"}))});
  out.push_back({"matches in turns", any,
                 judged(check_of(CheckKind::matches, {"(.*a.*b.*c.*|(a?){30}.*)"}))});
  out.push_back({"max_length", any, judged(counted_check(CheckKind::max_length, 1000))});
  out.push_back({"single_line", any, judged(check_of(CheckKind::single_line))});
  out.push_back({"path", any, judged(path_check())});
  out.push_back({"url", any, judged(url_check())});
  out.push_back({"email_domain", any, judged(check_of(CheckKind::email_domain, {"a.example"}))});
  out.push_back({"cidr", any, judged(check_of(CheckKind::cidr, {"10.0.0.0/8", "2001:db8::/32"}))});
  out.push_back({"k8s_kind", any, judged(check_of(CheckKind::k8s_kind, {"Pod"}))});
  out.push_back({"json", 1UL << 20, judged(json_check())});
  out.push_back({"manifest", document::manifest_bytes_max, judged(manifest_check())});
  out.push_back({"shell", shell::Limits{}.text_bytes_max, judged(line_check(CheckKind::shell))});
}

void add_words(std::vector<Reader>& out) {
  constexpr std::size_t any = 4UL << 20;
  static const ListedTexts listed =
      *ListedTexts::make({"secret of the house", "aaaa", "0123456789"});
  static const Scrubber scrubber =
      *Scrubber::make(std::vector<Scrubber::Secret>{{"house", "secret-of-the-house"},
                                                    {"letters", "aaaaaaaaaaaaaaaaaaaab"},
                                                    {"sign", "%25%25%25%25"}});
  out.push_back({"credentials", any, [](const std::string& t) { (void)find_credential(t); }});
  out.push_back({"secrets, encoded too", any, [](const std::string& t) {
                   SecretSearch search(&listed);
                   search.begin();
                   search.weigh(t);
                   (void)search.find(t);
                 }});
  out.push_back({"listed texts", any, [](const std::string& t) { (void)listed.in(t); }});
  out.push_back({"scrubber", any, [](const std::string& t) { (void)scrubber.scrub(t); }});
  out.push_back({"sponsor's words", any, [](const std::string& t) {
                   SponsorWords words;
                   words.add(t);
                   (void)words.said(t);
                   (void)words.said("a b c");
                 }});
  out.push_back({"tokens", any, [](const std::string& t) { (void)tokens_of(t); }});
  out.push_back({"structured text", structured_bytes_max, [](const std::string& t) {
                   json::Writer out;
                   out.string(t);
                   const auto document = json::parse(out.text(), {.bytes_max = 64UL << 20});
                   (void)structured_parts(document->root());
                 }});
}

void add_shown(std::vector<Reader>& out) {
  constexpr std::size_t any = 4UL << 20;
  out.push_back({"visible", any, [](const std::string& t) { (void)escape_untrusted(t); }});
  out.push_back({"fold", any, [](const std::string& t) { (void)fold(t); }});
  out.push_back({"compose", any, [](const std::string& t) { (void)compose(t); }});
  out.push_back({"nfc", any, [](const std::string& t) { (void)nfc(t); }});
  out.push_back({"skeleton", any, [](const std::string& t) { (void)skeleton(t); }});
  out.push_back({"hidden", any, [](const std::string& t) { (void)hides_characters(t); }});
  out.push_back({"columns", any, [](const std::string& t) { (void)columns(t); }});
  out.push_back({"glob", any, [](const std::string& t) { (void)glob_match("*a*b**c?d*", t); }});
  out.push_back(
      {"nearest", any, [](const std::string& t) { (void)closest_match(t, {"a", "data"}); }});
  out.push_back({"base64", any, [](const std::string& t) {
                   std::string bytes;
                   (void)unbase64(t, bytes);
                   (void)unhex(t, bytes);
                   (void)base64(t);
                 }});
  out.push_back({"header", any, [](const std::string& t) { (void)mcp::header_text(t); }});
}

void add_messages(std::vector<Reader>& out) {
  constexpr std::size_t any = 4UL << 20;
  out.push_back(
      {"json", any, [](const std::string& t) { (void)json::parse(t, {.bytes_max = 64UL << 20}); }});
  out.push_back({"json of a server", any, [](const std::string& t) {
                   (void)json::parse("[" + t, {.bytes_max = 64UL << 20,
                                               .duplicate_keys = json::DuplicateKeys::permit});
                 }});
  out.push_back({"yaml of a machine", 1UL << 20, [](const std::string& t) {
                   (void)yaml::read(t, "", 1UL << 20, yaml::Mistakes::one);
                 }});
  out.push_back({"message", any, [](const std::string& t) {
                   json::Writer line;
                   line.object().key("id").integer(1).key("jsonrpc").string("2.0");
                   line.key("method").string("tools/call").key("params").object();
                   line.key("a").string(t).end().end();
                   json::Parser parser;
                   json::Document document;
                   (void)mcp::read_message(line.text(), mcp::Side::client, parser, document);
                   (void)mcp::top_level(t);
                   (void)mcp::id_of_head(t);
                 }});
  out.push_back({"error of a server", any, [](const std::string& t) {
                   json::Writer error;
                   error.object().key("code").integer(-32603).key("data").string(t);
                   error.key("message").string(t).end();
                   (void)mcp::filter_error(error.text());
                   (void)mcp::without_reserved(error.text());
                 }});
  out.push_back({"sql", sql::text_bytes_max, [](const std::string& t) { (void)sql::scan(t); }});
}

void add_schemas(std::vector<Reader>& out) {
  const auto valid = [&out](std::string_view name, std::string_view schema) {
    auto made = std::make_shared<json_schema::Schema>(
        *json_schema::compile(json::parse(schema)->root(), {.check_formats = true}));
    out.push_back({name, 4UL << 20, [made](const std::string& t) {
                     json::Writer text;
                     text.string(t);
                     const auto value = json::parse(text.text(), {.bytes_max = 64UL << 20});
                     (void)made->valid(value->root());
                   }});
  };
  valid("schema pattern", R"({"pattern":"^(a|b|data:[a-z]*!)*$","maxLength":9000000})");
  valid("schema alternatives",
        R"({"anyOf":[{"format":"uri"},{"format":"email"},{"format":"hostname"},{"format":"ipv6"},
            {"format":"date-time"},{"pattern":"(.*x){3}$"},{"enum":["a","b"]},{"maxLength":7}]})");
}

void add_expressions(std::vector<Reader>& out) {
  for (const std::string_view text :
       {"t.contains('aaaaab')", "t.matches('(a|b)*c.*d$')", "t.replace('a', 'bb').size() > 3",
        "t.split('a').size() > 3", "t.split('').exists(x, x == 'q')",
        "t.lowerAscii().trim() == 'a'", "t.reverse().startsWith('a')",
        "t.split('.').join('-').endsWith('x')", "strings.quote(t).size() > 3",
        "t.indexOf('b') > 3"}) {
    cel::Environment names;
    names.declare("t", cel::simple(cel::TypeKind::string));
    const auto program = cel::compile({text, {}}, names);
    if (!program) std::abort();
    out.push_back({text, 4UL << 20, [program = *program](const std::string& t) {
                     cel::Scratch scratch;
                     cel::Fuel fuel;
                     const cel::Value values[] = {cel::Value::of(std::string_view(t))};
                     (void)program.evaluate(values, scratch, fuel);
                   }});
  }
}

}  // namespace

void add_texts(std::vector<Subject>& into) {
  std::vector<Reader> readers;
  add_constraints(readers);
  add_words(readers);
  add_shown(readers);
  add_messages(readers);
  add_schemas(readers);
  add_expressions(readers);
  for (const Reader& reader : readers) {
    for (const std::string_view pattern : patterns) {
      into.push_back({std::string(reader.name) + ": " + escape_untrusted(pattern),
                      reader.bytes_most, [read = reader.read, pattern](std::size_t bytes) -> Work {
                        return [read, text = repeated(pattern, bytes)] { read(text); };
                      }});
    }
  }
}

}  // namespace pawl::linear
