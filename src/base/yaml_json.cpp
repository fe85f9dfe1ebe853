#include "base/yaml_json.h"

namespace pawl::yaml {

namespace {

void write_scalar(const Node& node, json::Writer& out) {
  if (node.quoted) {
    out.string(node.text);
  } else if (node.text == "null" || node.text == "~") {
    out.null();
  } else if (const auto boolean = node.as_boolean()) {
    out.boolean(*boolean);
  } else if (const auto integer = node.as_integer()) {
    out.integer(*integer);
  } else if (const auto number = node.as_number()) {
    out.number(*number);
  } else {
    out.string(node.text);
  }
}

}  // namespace

// The reader of YAML bounds the depth.
void write_json(const Node& node, json::Writer& out) {  // NOLINT(misc-no-recursion)
  switch (node.kind) {
    case Kind::null:
      out.null();
      return;
    case Kind::scalar:
      write_scalar(node, out);
      return;
    case Kind::sequence:
      out.array();
      for (const Node& item : node.items) write_json(item, out);
      out.end();
      return;
    case Kind::map:
      out.object();
      for (const Entry& entry : node.entries) {
        out.key(entry.key);
        write_json(entry.value, out);
      }
      out.end();
      return;
  }
}

}  // namespace pawl::yaml
