#include "lang/cel/value.h"

namespace pawl::cel {

Value Value::of_other_node(const json::Document* document, std::uint32_t index) {
  const json::Node& node = document->node(index);
  switch (node.kind) {
    case json::Kind::null:
      return {};
    case json::Kind::boolean:
      return of(node.as.boolean);
    case json::Kind::integer:
      return of(node.as.integer);
    case json::Kind::natural:
      return of(node.as.natural);
    case json::Kind::number:
      return of(node.as.number);
    case json::Kind::string:
      return of(document->bytes(node));
    case json::Kind::array:
    case json::Kind::object: {
      Value out{.kind = node.kind == json::Kind::array ? ValueKind::json_list : ValueKind::json_map,
                .size = index};
      out.as.document = document;
      return out;
    }
  }
  return {};
}

std::string_view type_name(const Value& value) {
  switch (value.kind) {
    case ValueKind::null:
      return "null_type";
    case ValueKind::boolean:
      return "bool";
    case ValueKind::integer:
      return "int";
    case ValueKind::natural:
      return "uint";
    case ValueKind::number:
      return "double";
    case ValueKind::string:
      return "string";
    case ValueKind::bytes:
      return "bytes";
    case ValueKind::list:
    case ValueKind::json_list:
      return "list";
    case ValueKind::map:
    case ValueKind::json_map:
      return "map";
    case ValueKind::timestamp:
      return "google.protobuf.Timestamp";
    case ValueKind::duration:
      return "google.protobuf.Duration";
    case ValueKind::type:
      return "type";
    case ValueKind::optional:
      return "optional_type";
    case ValueKind::ip:
      return "net.IP";
    case ValueKind::cidr:
      return "net.CIDR";
    case ValueKind::pattern:
    case ValueKind::zone:
    case ValueKind::error:
      break;
  }
  return "error";
}

}  // namespace pawl::cel
