// Values as JSON without loss, both ways.
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/case.h"
#include "lang/cel/collection.h"
#include "lang/cel/functions.h"
#include "lang/cel/literal.h"
#include "lang/cel/network.h"
#include "lang/cel/text_value.h"

namespace pawl::cel {
namespace {

constexpr int kDepthMax = 200;

std::string double_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

void write(const Value& value, json::Writer& out);

void write_many(const Value& value, json::Writer& out) {
  out.array();
  for (Walk walk(value); walk.more(); walk.next()) {
    if (!walk.of_map()) {
      write(walk.value(), out);
      continue;
    }
    out.array();
    write(walk.key(), out);
    write(walk.value(), out);
    out.end();
  }
  out.end();
}

void write_scalar(const Value& value, json::Writer& out) {
  switch (value.kind) {
    case ValueKind::boolean:
      out.key("bool").boolean(value.as.boolean);
      return;
    case ValueKind::integer:
      out.key("int").string(scalar_text(value));
      return;
    case ValueKind::natural:
      out.key("uint").string(scalar_text(value));
      return;
    case ValueKind::number:
      out.key("double").string(double_text(value.as.number));
      return;
    case ValueKind::string:
      out.key("string").string(value.text());
      return;
    case ValueKind::bytes:
      out.key("bytes_b64").string(base64(value.text()));
      return;
    case ValueKind::type:
      out.key("type").string(value.text());
      return;
    case ValueKind::timestamp:
      out.key("timestamp").string(scalar_text(value));
      return;
    case ValueKind::duration:
      out.key("duration").string(scalar_text(value));
      return;
    case ValueKind::ip:
      out.key("ip").string(address_text(*value.as.address, false));
      return;
    case ValueKind::cidr:
      out.key("cidr").string(address_text(*value.as.address, true));
      return;
    case ValueKind::null:
    case ValueKind::list:
    case ValueKind::map:
    case ValueKind::json_list:
    case ValueKind::json_map:
    case ValueKind::optional:
    case ValueKind::pattern:
    case ValueKind::zone:
    case ValueKind::error:
      out.key("null").boolean(true);
      return;
  }
}

void write(const Value& value, json::Writer& out) {
  out.object();
  if (value.is_list() || value.is_map()) {
    out.key(value.is_list() ? "list" : "map");
    write_many(value, out);
  } else if (value.is(ValueKind::optional)) {
    out.key("optional");
    if (value.as.inner == nullptr) {
      out.null();
    } else {
      write(*value.as.inner, out);
    }
  } else {
    write_scalar(value, out);
  }
  out.end();
}

class Decoder {
 public:
  explicit Decoder(Scratch& scratch) : scratch_(scratch) {}

  std::optional<Value> one(json::View view, int depth) {
    if (!view.is_object() || view.size() != 1 || depth > kDepthMax) return {};
    const auto [key, content] = *view.members().begin();
    if (key == "null") return Value();
    if (key == "bool") return boolean(content);
    if (key == "list") return many(content, false, depth);
    if (key == "map") return many(content, true, depth);
    if (key == "optional") return optional(content, depth);
    if (!content.is_string()) return {};
    return from_text(key, content.string());
  }

 private:
  static std::optional<Value> boolean(json::View view) {
    if (view.kind() != json::Kind::boolean) return {};
    return Value::of(view.boolean());
  }

  std::optional<Value> optional(json::View view, int depth) {
    if (view.is_null()) return Value::option(nullptr);
    const auto inner = one(view, depth + 1);
    auto* place = scratch_.take_many<Value>(1);
    if (!inner || place == nullptr) return {};
    *place = *inner;
    return Value::option(place);
  }

  std::optional<Value> from_text(std::string_view key, std::string_view text) {
    Context context{scratch_, fuel_default};
    if (key == "string") return Value::of(text);
    if (key == "type") return Value::type_of(text);
    if (key == "bytes_b64") {
      std::string bytes;
      if (!unbase64(text, bytes)) return {};
      return good(context.bytes(bytes));
    }
    if (key == "double") {
      const auto number = read_number(text);
      return number ? std::optional(Value::of(*number)) : std::nullopt;
    }
    // What is left is what the conversion of the same name reads.
    const std::string_view name = key == "ip" || key == "cidr" || key == "int" || key == "uint" ||
                                          key == "timestamp" || key == "duration"
                                      ? key
                                      : std::string_view();
    const Function* function = name.empty() ? nullptr : find_function(name);
    if (function == nullptr) return {};
    const Value given[] = {Value::of(text)};
    return good(function->run(context, given));
  }

  static std::optional<Value> good(const Value& value) {
    return value.failed() ? std::nullopt : std::optional(value);
  }

  std::optional<Value> many(json::View view, bool map, int depth) {
    if (!view.is_array()) return {};
    const std::size_t width = map ? 2 : 1;
    auto* place = scratch_.take_many<Value>(view.size() * width);
    if (place == nullptr) return {};
    std::size_t at = 0;
    for (const json::View each : view.elements()) {
      if (map && (!each.is_array() || each.size() != 2)) return {};
      if (map) {
        for (const json::View half : each.elements()) {
          const auto value = one(half, depth + 1);
          if (!value) return {};
          place[at++] = *value;
        }
        if (!fit_as_key(place[at - 2])) return {};
      } else {
        const auto value = one(each, depth + 1);
        if (!value) return {};
        place[at++] = *value;
      }
    }
    if (!map) return Value::list_of(place, view.size());
    return Value::map_of(reinterpret_cast<const Entry*>(place), view.size());
  }

  Scratch& scratch_;
};

}  // namespace

std::string encode_value(const Value& value) {
  json::Writer out;
  write(value, out);
  return out.take();
}

std::optional<Value> decode_value(json::View view, Scratch& scratch) {
  return Decoder(scratch).one(view, 0);
}

}  // namespace pawl::cel
