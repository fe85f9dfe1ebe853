#include "kernel/definition/shape_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace pawl {
namespace {

// A text longer than any path or address that is still one line.
constexpr std::uint64_t one_line_length_max = 4096;

constexpr std::array<std::string_view, 6> long_formats = {"byte",      "html",     "markdown",
                                                          "multiline", "textarea", "text"};

std::optional<ValueType> type_named(std::string_view name) {
  constexpr std::array types = {ValueType::null,   ValueType::boolean, ValueType::integer,
                                ValueType::number, ValueType::string,  ValueType::array,
                                ValueType::object};
  for (ValueType type : types) {
    if (to_string(type) == name) return type;
  }
  return std::nullopt;
}

// Whether a description says at its beginning that the value is an address: `The URL of the page`.
bool describes_address(std::string_view description) {
  constexpr std::size_t first_words = 5;
  constexpr std::array<std::string_view, 10> words = {
      "url", "urls", "uri", "uris", "hostname", "hostnames", "domain", "link", "links", "website"};
  std::size_t looked = 0;
  for (const std::string& word : words_of(description.substr(0, 80))) {
    if (++looked > first_words) return false;
    if (std::ranges::find(words, word) != words.end()) return true;
  }
  return false;
}

bool is_true(json::View value) {
  return value.kind() == json::Kind::boolean && value.boolean();
}

ValueType type_of(json::View type) {
  if (type.is_string()) return type_named(type.string()).value_or(ValueType::any);
  if (type.is_array() && type.size() == 1) return type_of(*type.elements().begin());
  return ValueType::any;
}

// One token of a JSON pointer; nothing where it is not well formed.
std::optional<std::string> unescape(std::string_view token) {
  std::string decoded;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '%') {
      decoded += token[i];
      continue;
    }
    std::string byte;
    if (!unhex(token.substr(i + 1, 2), byte) || byte.size() != 1) return std::nullopt;
    decoded += byte;
    i += 2;
  }
  std::string out;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    if (decoded[i] != '~') {
      out += decoded[i];
      continue;
    }
    const char next = i + 1 < decoded.size() ? decoded[i + 1] : '\0';
    if (next != '0' && next != '1') return std::nullopt;
    out += next == '0' ? '~' : '/';
    ++i;
  }
  return out;
}

class Reader {
 public:
  explicit Reader(json::View root) : root_(root) {}

  Shape read(json::View schema, std::string_view name, unsigned depth);
  bool exhausted() const { return values_ > shape_values_max || copied_ > shape_bytes_max; }

 private:
  Shape follow(std::string_view reference, std::string_view name, unsigned depth);
  json::View resolve(std::string_view reference);
  json::View member(json::View object, const std::string& name);
  void apply(json::View schema, std::string_view name, unsigned depth, Shape& shape);
  void apply_branches(json::View schema, std::string_view name, unsigned depth, Shape& shape);
  void apply_choices(json::View schema, Shape& shape);
  void apply_text(json::View schema, std::string_view name, Shape& shape);
  void apply_members(json::View schema, unsigned depth, Shape& shape);

  json::View root_;
  std::vector<std::uint32_t> following_;  // nodes of the references on the way to this value
  std::size_t values_ = 0;
  std::size_t copied_ = 0;  // bytes of names, descriptions and choices
  // Members of large objects, by the object's node: as many references as there are definitions
  // would go through all definitions each.
  std::unordered_map<std::uint32_t, std::unordered_map<std::string_view, json::View>> held_;
};

Shape Reader::read(json::View schema, std::string_view name, unsigned depth) {
  Shape shape;
  ++values_;
  if (exhausted() || depth > shape_depth_max || !schema.is_object()) return shape;
  if (const json::View reference = schema["$ref"]; reference.is_string()) {
    shape = follow(reference.string(), name, depth);
  }
  apply(schema, name, depth, shape);
  apply_branches(schema, name, depth, shape);
  shape.unlisted = shape.unlisted_said || (shape.open && shape.properties.empty());
  return shape;
}

// What a branch of a schema says of the same value. Of one that need not hold: what may be.
struct Branch {
  Shape shape;
  bool always = false;
};

// `sure`: what `shape` says holds, and is not itself a branch that need not.
void unite(Shape& shape, std::vector<Branch> branches, bool sure);

void unite_members(Shape& shape, std::vector<Branch>& branches, bool sure) {
  std::unordered_map<std::string_view, std::size_t> known;
  std::vector<Shape::Property> all = std::move(shape.properties);
  std::size_t room = all.size();
  for (const Branch& branch : branches) room += branch.shape.properties.size();
  all.reserve(room);  // names stay where they are
  for (std::size_t i = 0; i < all.size(); ++i) known.emplace(all[i].name, i);
  std::vector<std::vector<Branch>> again(all.size());
  std::vector<bool> certain(all.size(), sure);
  for (Branch& branch : branches) {
    for (Shape::Property& property : branch.shape.properties) {
      const auto found = known.find(property.name);
      if (found == known.end()) {
        property.required = property.required && branch.always;
        all.push_back(std::move(property));
        known.emplace(all.back().name, all.size() - 1);
        again.emplace_back();
        certain.push_back(branch.always);
        continue;
      }
      Shape::Property& there = all[found->second];
      there.required = there.required || (property.required && branch.always);
      if (there.description.empty()) there.description = std::move(property.description);
      again[found->second].push_back({std::move(property.shape), branch.always});
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!again[i].empty()) unite(all[i].shape, std::move(again[i]), certain[i]);
  }
  shape.properties = std::move(all);
  shape.index_names();
}

void unite_elements(Shape& shape, std::vector<Branch>& branches, bool sure) {
  std::vector<Branch> elements;
  for (Branch& branch : branches) {
    if (branch.shape.element) elements.push_back({*branch.shape.element, branch.always});
  }
  if (elements.empty()) return;
  Shape first;
  if (shape.element) {
    first = *shape.element;
  } else {
    sure = elements.front().always;
    first = std::move(elements.front().shape);
    elements.erase(elements.begin());
  }
  unite(first, std::move(elements), sure);
  shape.element = std::make_shared<const Shape>(std::move(first));
}

void unite(Shape& shape, std::vector<Branch> branches, bool sure) {
  if (branches.empty()) return;
  for (const Branch& branch : branches) {
    const Shape& part = branch.shape;
    shape.whole = shape.whole || part.whole;
    shape.long_text = shape.long_text || part.long_text;
    shape.unlisted_said = shape.unlisted_said || part.unlisted_said;
    shape.any_member =
        shape.any_member || part.any_member ||
        (!branch.always && part.type == ValueType::object && part.properties.empty());
    if (branch.always) {
      if (shape.type == ValueType::any) shape.type = part.type;
      if (!shape.choices) shape.choices = part.choices;
      if (!shape.length_max) shape.length_max = part.length_max;
      shape.open = shape.open && part.open;
    } else if (!sure) {
      if (shape.type != part.type) shape.type = ValueType::any;
      if (shape.choices != part.choices) shape.choices.reset();
      if (shape.length_max != part.length_max) shape.length_max.reset();
      shape.open = shape.open || part.open;
    }
  }
  unite_members(shape, branches, sure);
  unite_elements(shape, branches, sure);
}

void Reader::apply_branches(json::View schema, std::string_view name, unsigned depth,
                            Shape& shape) {
  std::vector<Branch> branches;
  const auto add = [&](json::View branch, bool always) {
    if (!exhausted() && branch.is_object()) {
      branches.push_back({read(branch, name, depth + 1), always});
    }
  };
  for (json::View one : schema["allOf"].elements()) add(one, true);
  for (const char* key : {"anyOf", "oneOf"}) {
    const json::View list = schema[key];
    // The only branch holds.
    for (json::View one : list.elements()) add(one, list.size() == 1);
  }
  if (schema["if"].exists()) {
    add(schema["then"], false);
    add(schema["else"], false);
  }
  for (auto [_, one] : schema["dependentSchemas"].members()) add(one, false);
  unite(shape, std::move(branches), true);
}

Shape Reader::follow(std::string_view reference, std::string_view name, unsigned depth) {
  const json::View target = resolve(reference);
  if (!target.exists()) return {};
  if (std::ranges::find(following_, target.index()) != following_.end()) return {};
  following_.push_back(target.index());
  Shape shape = read(target, name, depth + 1);
  following_.pop_back();
  return shape;
}

json::View Reader::member(json::View object, const std::string& name) {
  constexpr std::uint32_t small = 16;
  if (!object.is_object() || object.size() <= small) return object[name];
  const auto [known, fresh] = held_.try_emplace(object.index());
  if (fresh) {
    for (const auto& [key, value] : object.members()) known->second.emplace(key, value);
  }
  const auto found = known->second.find(name);
  return found == known->second.end() ? json::View{} : found->second;
}

json::View Reader::resolve(std::string_view reference) {
  if (reference == "#") return root_;
  if (!reference.starts_with("#/")) return {};
  json::View at = root_;
  for (std::string_view token : split(reference.substr(2), '/')) {
    const std::optional<std::string> name = unescape(token);
    // Elements of arrays (`#/allOf/0`) are not followed: what they say is not a local fact.
    if (!name) return {};
    at = member(at, *name);
    if (!at.exists()) return {};
  }
  return at;
}

void Reader::apply(json::View schema, std::string_view name, unsigned depth, Shape& shape) {
  if (const json::View type = schema["type"]; type.exists()) {
    // OpenAPI's `null` beside a type.
    const ValueType stated = is_true(schema["nullable"]) ? ValueType::any : type_of(type);
    shape.whole = stated == ValueType::integer;
    for (json::View one : type.elements()) {
      shape.whole = shape.whole || (one.is_string() && one.string() == "integer");
    }
    const bool agrees = shape.type == ValueType::any || shape.type == stated;
    shape.type = agrees ? stated : ValueType::any;
  }
  apply_choices(schema, shape);
  apply_text(schema, name, shape);
  apply_members(schema, depth, shape);
  if (const json::View items = schema["items"];
      items.is_object() && !schema["prefixItems"].exists()) {
    shape.element = std::make_shared<const Shape>(read(items, name, depth + 1));
  }
}

void Reader::apply_choices(json::View schema, Shape& shape) {
  const json::View choices = schema["enum"];
  const json::View only = schema["const"];
  if (!choices.is_array() && !only.exists()) return;
  shape.choices.emplace();
  const auto add = [&](json::View choice) {
    shape.choices->push_back(json::write(choice));
    copied_ += shape.choices->back().size();
  };
  if (only.exists()) {
    add(only);
    return;
  }
  for (json::View choice : choices.elements()) {
    if (exhausted()) return;
    add(choice);
  }
}

void Reader::apply_text(json::View schema, std::string_view name, Shape& shape) {
  if (const json::View length = schema["maxLength"]; length.is_integer() && length.integer() >= 0) {
    const std::uint64_t stated = length.natural();
    shape.length_max = std::min(stated, shape.length_max.value_or(stated));
  }
  const auto format = schema.text("format");
  const bool long_format = format && std::ranges::find(long_formats, *format) != long_formats.end();
  constexpr std::array<std::string_view, 10> addresses = {
      "hostname",      "idn-hostname", "ipv4",          "ipv6", "iri",
      "iri-reference", "uri",          "uri-reference", "url",  "uri-template"};
  shape.address = shape.address ||
                  (format && std::ranges::find(addresses, *format) != addresses.end()) ||
                  describes_address(schema.text("description").value_or(""));
  const bool long_by_length = shape.length_max.value_or(0) > one_line_length_max;
  const bool encoded =
      schema["contentMediaType"].is_string() || schema["contentEncoding"].is_string();
  // A format that is not long (`email`, `uri`) says one line, whatever the name promises.
  const bool long_by_words =
      names_long_text(name) || (!schema["enum"].exists() &&
                                describes_long_text(name, schema.text("description").value_or("")));
  shape.long_text =
      long_format || encoded || (!format && long_by_length) || (!format && long_by_words);
}

void Reader::apply_members(json::View schema, unsigned depth, Shape& shape) {
  bool others = false;
  for (const char* key : {"additionalProperties", "unevaluatedProperties"}) {
    const json::View rest = schema[key];
    const bool closes = rest.kind() == json::Kind::boolean && !rest.boolean();
    if (closes) shape.open = false;
    others = others || (rest.exists() && !closes);
  }
  // Members of one object have different names; only those of a reference may be there already.
  std::unordered_set<std::string> known;
  for (const Shape::Property& property : shape.properties) known.insert(property.name);
  for (auto [name, value] : schema["properties"].members()) {
    if (exhausted()) return;
    if (!known.empty() && known.contains(std::string(name))) continue;
    Shape::Property property;
    property.name = name;
    property.shape = read(value, name, depth + 1);
    property.description = value.text("description").value_or("");
    property.required = is_true(value["required"]);  // of itself, as in draft 3
    copied_ += name.size() + property.description.size();
    shape.properties.push_back(std::move(property));
  }
  const bool by_pattern = schema["patternProperties"].size() > 0;
  shape.unlisted_said = by_pattern || (shape.open && (others || shape.unlisted_said));
  std::unordered_set<std::string_view> required;
  for (json::View name : schema["required"].elements()) {
    if (name.is_string()) required.insert(name.string());
  }
  for (Shape::Property& property : shape.properties) {
    if (required.contains(property.name)) property.required = true;
  }
  shape.index_names();
}

}  // namespace

Result<Shape> read_arguments(json::View schema) {
  if (is_true(schema)) {
    Shape anything;
    anything.type = ValueType::object;
    anything.unlisted = true;
    anything.unlisted_said = true;
    return anything;
  }
  if (!schema.is_object()) return fail(ErrorKind::invalid, "`inputSchema` must be an object");
  if (const json::View type = schema["type"]; type.exists() && type_of(type) != ValueType::object) {
    return fail(ErrorKind::invalid, "`inputSchema.type` must be `object`");
  }
  const json::View members = schema["properties"];
  const bool empty = members.is_array() && members.size() == 0;  // a map, as PHP writes it
  if (members.exists() && !members.is_object() && !empty) {
    return fail(ErrorKind::invalid, "`inputSchema.properties` must be an object");
  }
  if (const json::View required = schema["required"]; required.exists()) {
    bool names = required.is_array();
    for (json::View name : required.elements()) names = names && name.is_string();
    if (!names) return fail(ErrorKind::invalid, "`inputSchema.required` must be a list of names");
  }
  Reader reader(schema);
  Shape shape = reader.read(schema, "", 0);
  if (reader.exhausted()) {
    return fail(ErrorKind::invalid,
                fmt::format("`inputSchema` describes more than {} values or {} bytes",
                            shape_values_max, shape_bytes_max));
  }
  shape.type = ValueType::object;
  return shape;
}

}  // namespace pawl
