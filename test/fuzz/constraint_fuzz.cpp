// Every kind of constraint against any text: no crash, and what is accepted is what it claims.
//
// The first byte chooses between one string under all kinds and a whole JSON document as arguments.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "kernel/constraint/constraint.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

void demand(bool holds) {
  if (!holds) std::abort();
}

Check made(CheckKind kind, std::vector<std::string> texts) {
  Check check{};
  check.kind = kind;
  check.texts = std::move(texts);
  if (kind == CheckKind::path) {
    check.path = std::make_shared<const PathCheck>(PathCheck{{"/ok"}, {"**/.env*"}, "/ok/base"});
  }
  if (kind == CheckKind::url) {
    check.url = std::make_shared<const UrlCheck>(UrlCheck{{"good.example"}, {}, 100});
  }
  if (kind == CheckKind::in || kind == CheckKind::not_in) {
    check.values = {Literal{"\"a\"", {}, {}, {}}, Literal{"7", {}, {}, {}}};
  }
  if (kind == CheckKind::max || kind == CheckKind::min) check.exact_bound = 7;
  check.count = 20;
  demand(compile(check).has_value());
  return check;
}

const std::vector<ArgumentRule>& rules() {
  static const std::vector<ArgumentRule> all = [] {
    std::vector<ArgumentRule> out;
    const auto add = [&](CheckKind kind, std::vector<std::string> texts) {
      ArgumentRule rule;
      rule.path = *parse_argument_path("x");
      rule.checks = {made(kind, std::move(texts))};
      out.push_back(std::move(rule));
    };
    add(CheckKind::url, {});
    add(CheckKind::path, {});
    add(CheckKind::email_domain, {"good.example"});
    add(CheckKind::cidr, {"10.0.0.0/8"});
    add(CheckKind::hosts_in, {"good.example"});
    add(CheckKind::matches, {"[a-z]+(x|y)*"});
    add(CheckKind::prefix, {"a"});
    add(CheckKind::in, {});
    add(CheckKind::not_in, {});
    add(CheckKind::max, {});
    add(CheckKind::max_length, {});
    add(CheckKind::max_items, {});
    add(CheckKind::single_line, {});
    return out;
  }();
  return all;
}

void accepted(const ArgumentRule& rule, std::string_view text,
              const std::vector<Rewrite>& rewrites) {
  const auto first = [&](std::string_view prefix) { demand(text.starts_with(prefix)); };
  if (rule.checks[0].kind == CheckKind::url) {
    first("https://good.example");
    demand(text.size() == 20 || text[20] == '/');
    demand(is_ascii(text) && text.find_first_of("\\ \t\r\n") == std::string_view::npos);
  } else if (rule.checks[0].kind == CheckKind::path) {
    const std::string_view sent = rewrites.empty() ? text : std::string_view(rewrites[0].text);
    demand(sent == "/ok" || sent.starts_with("/ok/"));
    demand(sent.find("/..") == std::string_view::npos ||
           sent.find("/...") != std::string_view::npos ||
           sent.find("/../") == std::string_view::npos);
  } else if (rule.checks[0].kind == CheckKind::email_domain) {
    demand(text.ends_with("@good.example") && text.find('@') == text.size() - 13);
  } else if (rule.checks[0].kind == CheckKind::cidr) {
    first("10.");
  }
}

void one_text(std::string_view text) {
  if (!valid_utf8(text)) return;
  std::string arguments = R"({"x":)";
  json::write_string(text, arguments);
  const Result<json::Document> document = json::parse(arguments + "}");
  if (!document) return;
  for (const ArgumentRule& rule : rules()) {
    std::vector<Rewrite> rewrites;
    const auto violation = evaluate(rule, document->root(), nullptr, {}, rewrites);
    if (!violation) accepted(rule, text, rewrites);
    if (violation) demand(!violation->says.empty());
  }
}

void whole_document(std::string_view text) {
  const Result<json::Document> document = json::parse(text);
  if (!document) return;
  const Result<ToolDefinition> tool =
      definition_of("", "t", document->root()["schema"], document->root()["annotations"]);
  const Shape* shape = tool && tool->has_schema ? &tool->arguments : nullptr;
  const json::View arguments = document->root()["arguments"];
  const std::vector<std::string> named = {"x", "y[].z"};
  const Rule from;
  (void)evaluate_unnamed(arguments, shape, named, from);
  (void)count_records(arguments);
  (void)paths_to_resolve(rules(), arguments, shape);
  if (shape != nullptr) {
    (void)countable(*shape);
    (void)bind_plural("statuses", *shape);
  }
  for (const ArgumentRule& rule : rules()) {
    std::vector<Rewrite> rewrites;
    (void)evaluate(rule, arguments, shape, {}, rewrites);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  if (bytes[0] % 2 == 0) {
    one_text(text);
    (void)pawl::parse_argument_path(text);
    (void)pawl::singulars(text);
  } else {
    whole_document(text);
  }
  return 0;
}
