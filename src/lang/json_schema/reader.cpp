#include "lang/json_schema/reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_pointer.h"
#include "base/text.h"
#include "lang/json_schema/address.h"

namespace pawl::json_schema {

void Reader::wrong(json::View schema, std::string_view keyword, std::string_view says) {
  if (wrong_) return;
  std::string pointer = pointer_of(into_.document, schema.index());
  if (!keyword.empty()) json::append_pointer(keyword, pointer);
  wrong_ = Error{ErrorKind::invalid, fmt::format("`{}` {}", escape_untrusted(pointer), says), {}};
}

NodeId Reader::request(json::View schema, std::uint32_t resource) {
  const auto [known, fresh] =
      by_place_.emplace(schema.index(), static_cast<NodeId>(into_.nodes.size()));
  if (!fresh) return known->second;
  Node& node = into_.nodes.emplace_back();
  node.place = schema.index();
  node.resource = resources_.resource_of(schema.index()).value_or(resource);
  return known->second;
}

NodeId Reader::child(json::View parent, std::string_view keyword) {
  const json::View schema = known(parent, keyword);
  return schema.exists() ? request(schema, resource_) : no_node;
}

std::vector<NodeId> Reader::children(json::View parent, std::string_view keyword) {
  std::vector<NodeId> out;
  const json::View list = known(parent, keyword);
  if (!list.exists()) return out;
  if (!list.is_array() || list.size() == 0) {
    wrong(parent, keyword, "must be a list of schemas");
    return out;
  }
  out.reserve(list.size());
  for (json::View schema : list.elements()) out.push_back(request(schema, resource_));
  return out;
}

bool Reader::count(json::View schema, std::string_view keyword, std::uint64_t& into) {
  const json::View value = known(schema, keyword);
  if (!value.exists()) return false;
  const bool whole = value.kind() == json::Kind::natural ||
                     (value.kind() == json::Kind::integer && value.integer() >= 0);
  if (whole) {
    into = value.natural();
  } else {
    wrong(schema, keyword, "must be a whole number that is not below 0");
  }
  return whole;
}

bool Reader::truth(json::View schema, std::string_view keyword) {
  const json::View value = known(schema, keyword);
  if (!value.exists()) return false;
  if (value.kind() == json::Kind::boolean) return value.boolean();
  wrong(schema, keyword, "must be true or false");
  return false;
}

std::optional<std::string_view> Reader::text(json::View schema, std::string_view keyword) {
  const json::View value = known(schema, keyword);
  if (value.is_string()) return value.string();
  if (value.exists()) wrong(schema, keyword, "must be a string");
  return std::nullopt;
}

std::vector<std::string> Reader::names(json::View schema, std::string_view keyword,
                                       json::View list) {
  std::vector<std::string> out;
  bool fine = list.is_array();
  for (json::View name : list.elements()) {
    fine = fine && name.is_string();
    if (fine) out.emplace_back(name.string());
  }
  if (!fine) wrong(schema, keyword, "must be a list of names");
  return out;
}

json::View Reader::members(json::View schema, std::string_view keyword) {
  const json::View value = known(schema, keyword);
  if (!value.exists() || value.is_object()) return value;
  wrong(schema, keyword, "must be an object");
  return {};
}

const Pattern* Reader::pattern(json::View schema, std::string_view keyword,
                               std::string_view source) {
  const auto known = patterns_.find(std::string(source));
  if (known != patterns_.end()) return known->second;
  if (into_.patterns.size() >= into_.limits.patterns_max) {
    wrong(schema, keyword, fmt::format("is one pattern more than {}", into_.limits.patterns_max));
    return nullptr;
  }
  Pattern made;
  if (source.size() > into_.limits.pattern_bytes_max) {
    made.why = fmt::format("it is longer than {} bytes", into_.limits.pattern_bytes_max);
  } else {
    made = compile_pattern(source, pattern_memory_);
  }
  if (!made.compiled) {
    std::string pointer = pointer_of(into_.document, schema.index());
    json::append_pointer(keyword, pointer);
    into_.findings.push_back({escape_untrusted(pointer),
                              "the pattern cannot be checked, so no text passes it: " + made.why});
  }
  into_.patterns.push_back(std::make_unique<Pattern>(std::move(made)));
  return patterns_[std::string(source)] = into_.patterns.back().get();
}

void Reader::read(NodeId id) {
  const json::View schema{&into_.document, into_.nodes[id].place};
  resource_ = into_.nodes[id].resource;
  Node node;
  node.place = schema.index();
  node.resource = resource_;
  if (schema.kind() == json::Kind::boolean) {
    node.nothing = !schema.boolean();
    node.kinds = node.nothing ? Kinds{0} : kind_any;
  } else if (schema.is_object()) {
    read_kinds(schema, node);
    read_literals(schema, node);
    read_text(schema, node);
    read_number(schema, node);
    read_array(schema, node);
    read_object(schema, node);
    read_in_place(schema, node);
    node.plain = !node.text && !node.number && !node.array && !node.object && !node.in_place &&
                 node.literals.empty();
  } else {
    wrong(schema, "", "must be a schema: an object, true or false");
  }
  into_.nodes[id] = std::move(node);
}

Status Reader::run() {
  request(into_.document.root(), 0);
  for (NodeId next = 0; next < into_.nodes.size(); ++next) {
    if (into_.nodes.size() > into_.limits.schemas_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("it has more than {} schemas", into_.limits.schemas_max));
    }
    read(next);
    if (wrong_) return std::unexpected(*wrong_);
  }
  into_.dynamic = !into_.anchors.empty();
  return {};
}

Result<Schema> compile(json::View schema, const Limits& limits) {
  const std::string text = json::write(schema);
  if (text.size() > limits.bytes_max) {
    return fail(ErrorKind::invalid, fmt::format("it has more than {} bytes", limits.bytes_max));
  }
  auto compiled = std::make_shared<Compiled>();
  compiled->limits = limits;
  json::ParseLimits as_received;
  as_received.duplicate_keys = json::DuplicateKeys::permit;
  auto document = json::parse(text, as_received);
  if (!document) return std::unexpected(document.error());
  compiled->document = std::move(*document);
  auto resources = Resources::of(compiled->document);
  if (!resources) return std::unexpected(resources.error());
  if (const Status read = Reader(*compiled, *resources).run(); !read) {
    return std::unexpected(read.error());
  }
  if (const Status ends = refuse_loops(*compiled); !ends) return std::unexpected(ends.error());
  return Schema(std::move(compiled));
}

}  // namespace pawl::json_schema
