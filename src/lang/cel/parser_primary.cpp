// What stands between operators: literals, names, calls, lists, maps, and what follows a dot.
#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/literal.h"
#include "lang/cel/parsing.h"

namespace pawl::cel {

Parsing::Made Parsing::member() {
  Made made = primary();
  while (made && (token().is(".") || token().is("["))) {
    made = accept(".") ? behind_dot(*made) : index(*made);
  }
  if (made && token().is("{")) {
    const Form form = tree_[*made].form;
    if (form == Form::name || form == Form::select) {
      return wrong(token(), "messages are not part of this language; a map is `{\"key\": value}`");
    }
  }
  return made;
}

Parsing::Made Parsing::behind_dot(NodeId target) {
  const bool optional = accept("?");
  const Token field = token();
  const bool word = field.kind == TokenKind::name || field.kind == TokenKind::reserved;
  // `in`, `true` and the like are no fields: a reader would take them for what they say.
  if (!word && field.kind != TokenKind::quoted_name) return unexpected("the name of a field");
  ++at_;
  if (word && !optional && accept("(")) {
    std::vector<NodeId> given;
    if (!arguments(given)) return {};
    return finish_call(field, target, std::move(given));
  }
  Node node;
  node.form = Form::select;
  node.text = field.text;
  node.offset = field.offset;
  node.optional = optional;
  node.parts = {target};
  return add(std::move(node));
}

Parsing::Made Parsing::index(NodeId target) {
  const std::uint32_t offset = token().offset;
  ++at_;
  const bool optional = accept("?");
  const Made key = expression();
  if (!key || !expect("]")) return {};
  return call(optional ? "_[?_]" : "_[_]", offset, {target, *key});
}

bool Parsing::arguments(std::vector<NodeId>& parts) {
  if (accept(")")) return true;
  do {
    const Made part = expression();
    if (!part) return false;
    parts.push_back(*part);
  } while (accept(","));
  return expect(")");
}

Parsing::Made Parsing::primary() {
  switch (token().kind) {
    case TokenKind::name:
      return name();
    case TokenKind::integer:
    case TokenKind::natural:
    case TokenKind::number:
      return number(false);
    case TokenKind::string:
    case TokenKind::bytes:
      return text_literal();
    case TokenKind::reserved:
      return wrong(token(), fmt::format("`{}` is a reserved word and no name", token().text));
    case TokenKind::end:
    case TokenKind::quoted_name:
      return unexpected("a value");
    case TokenKind::mark:
      break;
  }
  if (token().is("-")) {
    ++at_;
    return number(true);
  }
  if (token().is(".")) return name();
  if (token().is("[")) return list();
  if (token().is("{")) return map();
  if (token().is("true") || token().is("false") || token().is("null")) return word_literal();
  if (!accept("(")) return unexpected("a value");
  const Made inside = expression();
  return inside && expect(")") ? inside : Made();
}

Parsing::Made Parsing::name() {
  const bool absolute = accept(".");
  const Token word = token();
  if (word.kind != TokenKind::name) return unexpected("a name");
  ++at_;
  if (accept("(")) {
    std::vector<NodeId> given;
    if (!arguments(given)) return {};
    return finish_call(word, {}, std::move(given));
  }
  Node node;
  node.form = Form::name;
  node.text = word.text;
  node.offset = word.offset;
  node.absolute = absolute;
  return add(std::move(node));
}

Parsing::Made Parsing::number(bool negative) {
  const Token digits = token();
  ++at_;
  Node node;
  node.offset = digits.offset;
  bool fits = true;
  if (digits.kind == TokenKind::integer) {
    const auto value = read_integer(digits.text, negative);
    fits = value.has_value();
    node.literal = Literal::integer;
    node.as.integer = value.value_or(0);
  } else if (digits.kind == TokenKind::natural) {
    const auto value = read_natural(digits.text);
    fits = value.has_value();
    node.literal = Literal::natural;
    node.as.natural = value.value_or(0);
  } else {
    const double value = read_number(digits.text).value_or(0);
    node.literal = Literal::number;
    node.as.number = negative ? -value : value;
  }
  if (!fits) return wrong(digits, fmt::format("`{}` does not fit into 64 bits", digits.text));
  return add(std::move(node));
}

Parsing::Made Parsing::text_literal() {
  Node node;
  node.offset = token().offset;
  node.literal = token().kind == TokenKind::bytes ? Literal::bytes : Literal::string;
  node.text = token().text;
  ++at_;
  return add(std::move(node));
}

Parsing::Made Parsing::word_literal() {
  Node node;
  node.offset = token().offset;
  node.literal = token().is("null") ? Literal::null : Literal::boolean;
  node.as.boolean = token().is("true");
  ++at_;
  return add(std::move(node));
}

Parsing::Made Parsing::list() {
  Node node;
  node.form = Form::list;
  node.offset = token().offset;
  ++at_;
  while (!token().is("]")) {
    node.optional_parts.push_back(accept("?"));
    const Made part = expression();
    if (!part) return {};
    node.parts.push_back(*part);
    if (!accept(",")) break;
  }
  if (!expect("]")) return {};
  return add(std::move(node));
}

Parsing::Made Parsing::map() {
  Node node;
  node.form = Form::map;
  node.offset = token().offset;
  ++at_;
  while (!token().is("}")) {
    node.optional_parts.push_back(accept("?"));
    const Made key = expression();
    if (!key || !expect(":")) return {};
    const Made value = expression();
    if (!value) return {};
    node.parts.push_back(*key);
    node.parts.push_back(*value);
    if (!accept(",")) break;
  }
  if (!expect("}")) return {};
  return add(std::move(node));
}

}  // namespace pawl::cel
