#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/json_pointer.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "kernel/admit/admit.h"
#include "kernel/constraint/constraint.h"
#include "kernel/definition/definition.h"
#include "kernel/origin/origin.h"
#include "kernel/redact/scope.h"
#include "lang/cel/expr.h"
#include "lang/json_schema/schema.h"
#include "test/linear/subjects.h"

namespace pawl::linear {
namespace {

constexpr json::ParseLimits large{.bytes_max = 64UL << 20};

using Document = std::shared_ptr<const json::Document>;

Document parsed(std::string_view text) {
  auto document = json::parse(text, large);
  if (!document) std::abort();
  return std::make_shared<const json::Document>(std::move(*document));
}

// `[1,1,…]`, `{"k0":1,"k1":1,…}`: `#` in the element is its number.
std::string numbered(std::string_view element, std::size_t number) {
  std::string out;
  for (const char c : element) {
    c == '#' ? out += std::to_string(number) : out += c;
  }
  return out;
}
std::string joined(char open, std::string_view element, char close, std::size_t bytes) {
  std::string out(1, open);
  for (std::size_t i = 0; out.size() < bytes; ++i) {
    if (i > 0) out += ',';
    out += numbered(element, i);
  }
  return out + close;
}
std::string list_of(std::string_view element, std::size_t bytes) {
  return joined('[', element, ']', bytes);
}
std::string object_of(std::string_view member, std::size_t bytes) {
  return joined('{', member, '}', bytes);
}
// Brackets as deep as the reader of JSON goes, again and again.
std::string nested_lists(std::size_t bytes) {
  const std::string one = std::string(100, '[') + std::string(100, ']');
  return list_of(one, bytes);
}

struct Shape {
  std::string_view name;
  std::string (*make)(std::size_t bytes);
};
constexpr Shape shapes[] = {
    {"short elements", [](std::size_t n) { return list_of("1", n); }},
    {"empty objects", [](std::size_t n) { return list_of("{}", n); }},
    {"texts", [](std::size_t n) { return list_of(R"("a#")", n); }},
    {"equal texts", [](std::size_t n) { return list_of(R"("aaaaaaaa")", n); }},
    {"fractions", [](std::size_t n) { return list_of("0.1", n); }},
    {"nested lists", nested_lists},
    {"objects", [](std::size_t n) { return list_of(R"({"id":#,"a":{"id":1}})", n); }},
    {"members", [](std::size_t n) { return object_of(R"("k#":1)", n); }},
    {"members the other way round",
     [](std::size_t n) { return object_of(R"("zzzz#":{"id":1},"a#":2)", n); }},
    {"members that wrap", [](std::size_t n) { return object_of(R"("w#":{"id":1,"x":2})", n); }},
    {"members not in ASCII", [](std::size_t n) { return object_of("\"\u00e9#\":1", n); }},
    {"a long text", [](std::size_t n) { return '"' + std::string(n, 'a') + '"'; }},
    {"escapes", [](std::size_t n) { return '"' + repeated("\\n", n) + '"'; }},
};

using Look = std::function<void(const Document& document)>;

// Every shape as the argument `a` of a call, or as what a server sent.
void add(std::vector<Subject>& into, std::string_view name, const Look& look) {
  for (const Shape& shape : shapes) {
    into.push_back({std::string(name) + ": " + std::string(shape.name), 4UL << 20,
                    [look, make = shape.make](std::size_t bytes) -> Work {
                      const Document document = parsed(R"({"a":)" + make(bytes) + "}");
                      return [look, document] { look(document); };
                    }});
  }
}

// One shape of its own.
void add_one(std::vector<Subject>& into, std::string_view name,
             std::function<std::string(std::size_t)> make, const Look& look) {
  into.push_back({std::string(name), 4UL << 20, [look, make = std::move(make)](std::size_t bytes) {
                    const Document document = parsed(make(bytes));
                    return Work([look, document] { look(document); });
                  }});
}

ArgumentRule rule_of(std::string_view path, CheckKind kind, std::vector<std::string> texts) {
  ArgumentRule rule;
  rule.path = *parse_argument_path(path);
  rule.lines_allowed = true;
  Check check{};
  check.kind = kind;
  check.texts = std::move(texts);
  if (kind == CheckKind::path) {
    check.path = std::make_shared<const PathCheck>(PathCheck{{"/srv"}, {}, "/srv"});
  }
  if (!compile(check)) std::abort();
  rule.checks.push_back(std::move(check));
  return rule;
}

void judge(const ArgumentRule& rule, json::View arguments) {
  std::vector<PathFact> paths;
  for (const auto& [pointer, path] : paths_to_resolve({&rule, 1}, arguments, nullptr)) {
    paths.push_back({pointer, path, {}});
  }
  RunOrigins known;
  known.add_words("a1 a2 a.example");
  const auto origins = find_origins({&rule, 1}, arguments, known);
  std::vector<Rewrite> rewrites;
  (void)evaluate(rule, arguments, nullptr, paths, rewrites, {}, origins);
  (void)forwarded_arguments(arguments, rewrites);
}

void add_rules(std::vector<Subject>& into) {
  static const ArgumentRule paths = rule_of("a", CheckKind::path, {});
  static const ArgumentRule links = rule_of("a[].id", CheckKind::hosts_in, {"a.example"});
  static const ArgumentRule from = [] {
    ArgumentRule rule = rule_of("a", CheckKind::prefix, {"a"});
    rule.or_from = {OriginSource{}};
    rule.otherwise = Effect::hold;
    return rule;
  }();
  static const ArgumentRule asked = [] {
    ArgumentRule rule = rule_of("a", CheckKind::hosts_in, {"b.example"});
    rule.or_from = {OriginSource{}};
    rule.from = {OriginSource{}};
    rule.otherwise = Effect::hold;
    return rule;
  }();
  add(into, "paths of a list", [](const Document& d) { judge(paths, d->root()); });
  add(into, "members of a list", [](const Document& d) { judge(links, d->root()); });
  add(into, "origins of a list", [](const Document& d) { judge(from, d->root()); });
  add(into, "links of origins", [](const Document& d) { judge(asked, d->root()); });
  add(into, "what no rule names", [](const Document& d) {
    (void)evaluate_unnamed(d->root(), nullptr, std::vector<std::string>{"b", "c.d"}, Rule{});
    (void)evaluate_unnamed(d->root()["a"], nullptr, std::vector<std::string>{"b", "c.d"}, Rule{});
    (void)count_records(d->root());
  });
  add_one(
      into, "rewritten paths",
      [](std::size_t n) { return R"({"a":)" + list_of(R"("f#")", n) + "}"; },
      [](const Document& d) {
        std::vector<Rewrite> rewrites;
        std::uint64_t index = 0;
        for (json::View value : d->root()["a"].elements()) {
          std::string pointer = "/a";
          json::append_pointer(index++, pointer);
          rewrites.push_back({pointer, std::string(value.string())});
        }
        (void)forwarded_arguments(d->root(), rewrites);
      });
}

void add_schemas(std::vector<Subject>& into) {
  constexpr std::string_view all[] = {
      R"({"properties":{"a":{"uniqueItems":true}}})",
      R"({"properties":{"a":{"items":{"enum":[1,{"id":1},"a1"]}}}})",
      R"({"properties":{"a":{"anyOf":[{"type":"array","items":{"minLength":1}},
          {"type":"array","contains":{"const":7}},{"type":"object","additionalProperties":
          {"anyOf":[{"type":"string"},{"type":"object"}]}},{"pattern":"^a*b$"}]}}})",
      R"({"properties":{"a":{"patternProperties":{"^k1":{},"9$":{}},"additionalProperties":false,
          "propertyNames":{"maxLength":9},"dependentRequired":{"k1":["k2","nothing"]},
          "required":["k1","k2","k3","nothing"],"unevaluatedProperties":false}}})",
  };
  for (std::size_t i = 0; i < std::size(all); ++i) {
    auto made =
        std::make_shared<json_schema::Schema>(*json_schema::compile(json::parse(all[i])->root()));
    add(into, "schema " + std::to_string(i),
        [made](const Document& d) { (void)made->validate(d->root()); });
  }
  // As many names that are asked for as there are members.
  into.push_back({"schema that asks for names", 1UL << 20, [](std::size_t bytes) -> Work {
                    const Document asks =
                        parsed(R"({"required":)" + list_of(R"("k#")", bytes) + "}");
                    auto made = json_schema::compile(asks->root(), {.bytes_max = 64UL << 20});
                    if (!made) std::abort();
                    const Document value = parsed(object_of(R"("k#":1)", bytes / 2));
                    return [schema = *made, value] { (void)schema.validate(value->root()); };
                  }});
}

// A tool that a server offers, and what is read of its schema.
std::string tool_with(std::string_view schema) {
  return R"({"name":"t","inputSchema":)" + std::string(schema) + "}";
}
void shown_under_a_scope(const Document& tool) {
  static const Scope scope({"id", "w1.id", "x.y"});
  (void)project_output_schema(scope, tool->root()["inputSchema"]);
}
void wanted_in_headers(const Document& tool) {
  (void)mcp::mirrored_by(tool->root()["inputSchema"]);
  (void)cel::type_of_schema(tool->root()["inputSchema"]);
}

// What servers offer.
void add_definitions(std::vector<Subject>& into) {
  const Look read = [](const Document& d) { (void)parse_definition(d->root(), "s"); };
  const Look shown = shown_under_a_scope, wanted = wanted_in_headers;
  const auto references = [](std::size_t n) {
    return tool_with(R"({"type":"object","$defs":)" +
                     object_of(R"("d#":{"type":"object"})", n / 2) + R"(,"properties":)" +
                     object_of(R"("p#":{"$ref":"#/$defs/d#"})", n / 2) + "}");
  };
  const auto properties = [](std::size_t n) {
    return tool_with(R"({"type":"object","properties":)" +
                     object_of(R"("p#":{"type":"string","enum":["a"]})", n) + "}");
  };
  const auto same = [](std::size_t n) {
    return tool_with(R"({"type":"object","$defs":{"d":{"$dynamicAnchor":"x"}},"properties":)" +
                     object_of(R"("p#":{"$dynamicRef":"#x"})", n) + "}");
  };
  struct Made {
    std::string_view name;
    std::function<std::string(std::size_t)> make;
  };
  for (const Made& made : {Made{"references", references}, Made{"properties", properties},
                           Made{"dynamic references", same}}) {
    add_one(into, "definition: " + std::string(made.name), made.make, read);
    add_one(into, "output schema: " + std::string(made.name), made.make, shown);
    add_one(into, "headers asked for: " + std::string(made.name), made.make, wanted);
  }
}

// Small, and endless to follow: definitions inside of definitions, and references that branch.
void add_endless_definitions(std::vector<Subject>& into) {
  add_one(
      into, "headers asked for: definitions in definitions",
      [](std::size_t n) {
        std::string inner = "{}";
        const std::size_t deep = n / (64UL << 10) + 20;
        for (std::size_t i = 0; i < deep && i < 100; ++i) inner = R"({"$defs":)" + inner + "}";
        return tool_with(inner);
      },
      wanted_in_headers);
  add_one(
      into, "output schema: branching references",
      [](std::size_t n) {
        return tool_with(R"({"type":"object","$defs":{"d":{"type":"object","properties":)" +
                         object_of(R"("p#":{"type":"object","$ref":"#/$defs/d"})", n) +
                         R"(}},"properties":{"w":{"$ref":"#/$defs/d"}}})");
      },
      shown_under_a_scope);
  // As many members in a call as the schema has.
  into.push_back({"call of many members", 512UL << 10, [](std::size_t bytes) -> Work {
                    const Document schema =
                        parsed(R"({"type":"object","properties":)" +
                               object_of(R"("k#":{"type":"integer"})", bytes) + "}");
                    auto tool = definition_of("s", "t", schema->root(), {});
                    if (!tool) std::abort();
                    const auto kept = std::make_shared<ToolDefinition>(std::move(*tool));
                    const Document call = parsed(object_of(R"("k#":1)", bytes / 3));
                    return [kept, call] {
                      (void)evaluate_unnamed(call->root(), &kept->arguments, {}, Rule{});
                    };
                  }});
}

void add_results(std::vector<Subject>& into) {
  static const Scope scope({"id", "w1.id", "a.k1"});
  add(into, "scope", [](const Document& d) {
    std::string out;
    (void)scope.project(d->root(), out);
  });
  const auto projected = [](const Document& d) { (void)project_result(scope, d->root()); };
  for (const Shape& shape : shapes) {
    add_one(
        into, "result under a scope: " + std::string(shape.name),
        [make = shape.make](std::size_t n) {
          std::string value = R"({"a":)" + make(n / 2) + "}";
          json::Writer text;
          text.string(value);
          return R"({"content":[{"type":"text","text":)" + text.text() +
                 R"(}],"structuredContent":)" + value + "}";
        },
        projected);
  }
  add_one(
      into, "result under a scope: members of a part",
      [](std::size_t n) {
        return R"({"content":[)" + object_of(R"("k#":1)", n) + "," +
               object_of(R"("k#":1)", n / 2).insert(1, R"("type":"text","text":"x",)") + "]}";
      },
      projected);
  add_one(
      into, "result under a scope: parts",
      [](std::size_t n) {
        return R"({"content":)" + list_of(R"({"type":"text","text":"{\"id\":1}"})", n) + "}";
      },
      projected);
  add(into, "reserved names", [](const Document& d) {
    const std::string text = R"({"_meta":{"pawl/x":1},"r":)" + json::write(d->root()) + "}";
    (void)mcp::without_reserved(text);
    (void)mcp::with_related_task(text, "t");
  });
  add(into, "params", [](const Document& d) {
    (void)mcp::dropped(d->root()["a"], {"name", "arguments"}, false);
    (void)mcp::dropped_meta(d->root(), false);
    (void)mcp::without_meta(d->root()["a"]);
    (void)mcp::client_name(d->root()["a"]);
  });
  add(into, "results as origins", [](const Document& d) {
    RunOrigins known({OriginSource{"", "t", {"a"}}, OriginSource{"", "t", {"a", "id"}}});
    known.add_result("", "t", "c1", d->root());
  });
}

void add_json(std::vector<Subject>& into) {
  add(into, "canonical form", [](const Document& d) {
    const std::string text = json::write(d->root());
    const auto again = json::parse(text, large);
    if (!again || !json::equal(again->root(), d->root())) std::abort();
  });
  for (const std::string_view text :
       {"a.a.all(x, x == 1)", "a.a.exists(x, a.a.exists(y, x == y && x == 99))",
        "a.a.map(x, x).size() > 3", "a.a == [1]", "'k1' in a.a",
        "a.a.filter(x, x in a.a).size() > 1"}) {
    cel::Environment names;
    names.declare("a", cel::simple(cel::TypeKind::dyn));
    const auto program = cel::compile({text, {}}, names);
    if (!program) std::abort();
    add(into, text, [program = *program](const Document& d) {
      cel::Scratch scratch;
      cel::Fuel fuel;
      const cel::Value values[] = {cel::Value::of(d->root())};
      (void)program.evaluate(values, scratch, fuel);
    });
  }
}

}  // namespace

void add_documents(std::vector<Subject>& into) {
  add_rules(into);
  add_schemas(into);
  add_definitions(into);
  add_endless_definitions(into);
  add_results(into);
  add_json(into);
}

}  // namespace pawl::linear
