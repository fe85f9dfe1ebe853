#include "lang/cel/type.h"

#include <algorithm>
#include <array>
#include <optional>

namespace pawl::cel {
namespace {

struct Named {
  std::string_view name;
  TypeKind kind;
};

constexpr auto kNames = std::to_array<Named>({
    {"dyn", TypeKind::dyn},
    {"null", TypeKind::null},
    {"null_type", TypeKind::null},
    {"bool", TypeKind::boolean},
    {"int", TypeKind::integer},
    {"uint", TypeKind::natural},
    {"double", TypeKind::number},
    {"string", TypeKind::string},
    {"bytes", TypeKind::bytes},
    {"timestamp", TypeKind::timestamp},
    {"google.protobuf.Timestamp", TypeKind::timestamp},
    {"duration", TypeKind::duration},
    {"google.protobuf.Duration", TypeKind::duration},
    {"list", TypeKind::list},
    {"map", TypeKind::map},
    {"object", TypeKind::record},
    {"optional_type", TypeKind::optional},
    {"type", TypeKind::type},
    {"net.IP", TypeKind::ip},
    {"net.CIDR", TypeKind::cidr},
    {"error", TypeKind::error},
});

constexpr std::size_t kKinds = static_cast<std::size_t>(TypeKind::error) + 1;

TypeRef made(Type type) {
  return std::make_shared<const Type>(std::move(type));
}

std::string_view name_of(TypeKind kind) {
  for (const Named& row : kNames) {
    if (row.kind == kind) return row.name;
  }
  return "type";
}

// Reads `name(part,part)`.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  TypeRef run() {
    TypeRef type = one(0);
    return at_ == text_.size() ? type : nullptr;
  }

 private:
  TypeRef one(int depth) {
    constexpr int depth_max = 20;
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '(' && text_[at_] != ')' && text_[at_] != ',') ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty() || depth > depth_max) return nullptr;
    std::vector<TypeRef> parts;
    if (at_ < text_.size() && text_[at_] == '(') {
      do {
        ++at_;
        if (name == "param") return parameter();
        parts.push_back(one(depth + 1));
        if (parts.back() == nullptr) return nullptr;
      } while (at_ < text_.size() && text_[at_] == ',');
      if (at_ >= text_.size() || text_[at_] != ')') return nullptr;
      ++at_;
    }
    return named(name, std::move(parts));
  }

  TypeRef parameter() {
    if (at_ + 1 >= text_.size() || text_[at_ + 1] != ')') return nullptr;
    const char letter = text_[at_];
    at_ += 2;
    return variable(letter);
  }

  static TypeRef variable(char letter) {
    return made({.kind = TypeKind::variable, .id = static_cast<unsigned char>(letter)});
  }

  static TypeRef named(std::string_view name, std::vector<TypeRef> parts) {
    if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z' && parts.empty()) {
      return variable(name[0]);
    }
    const auto row = std::ranges::find(kNames, name, &Named::name);
    if (row == kNames.end()) {
      return made({.kind = TypeKind::opaque, .name = std::string(name), .parts = std::move(parts)});
    }
    if (parts.empty()) return simple(row->kind);
    const std::size_t wanted = row->kind == TypeKind::map ? 2 : 1;
    const bool generic = row->kind == TypeKind::list || row->kind == TypeKind::map ||
                         row->kind == TypeKind::optional || row->kind == TypeKind::type;
    if (!generic || parts.size() != wanted) return nullptr;
    if (row->kind == TypeKind::type) return simple(TypeKind::type);
    return made({.kind = row->kind, .parts = std::move(parts)});
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const Field* Type::field(std::string_view wanted) const {
  const auto found = std::ranges::find(fields, wanted, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

const TypeRef& simple(TypeKind kind) {
  static const auto all = [] {
    std::array<TypeRef, kKinds> types;
    for (std::size_t i = 0; i < kKinds; ++i) {
      Type type{.kind = static_cast<TypeKind>(i)};
      const std::size_t parts = type.kind == TypeKind::map ? 2 : 1;
      if (type.kind == TypeKind::list || type.kind == TypeKind::map ||
          type.kind == TypeKind::optional) {
        type.parts.assign(parts, types[0]);
      }
      types[i] = made(std::move(type));
    }
    return types;
  }();
  return all[static_cast<std::size_t>(kind)];
}

TypeRef list_of(TypeRef element) {
  return made({.kind = TypeKind::list, .parts = {std::move(element)}});
}

TypeRef map_of(TypeRef key, TypeRef value) {
  return made({.kind = TypeKind::map, .parts = {std::move(key), std::move(value)}});
}

TypeRef optional_of(TypeRef value) {
  return made({.kind = TypeKind::optional, .parts = {std::move(value)}});
}

TypeRef record_of(std::vector<Field> fields, TypeRef rest) {
  Type type{.kind = TypeKind::record, .fields = std::move(fields)};
  if (rest != nullptr) type.parts.push_back(std::move(rest));
  return made(std::move(type));
}

TypeRef with_null(const TypeRef& type) {
  if (type->kind == TypeKind::dyn || type->kind == TypeKind::null || type->nullable) return type;
  Type copy = *type;
  copy.nullable = true;
  return made(std::move(copy));
}

std::string to_string(const Type& type) {
  if (type.kind == TypeKind::record) return "object";
  std::string out = type.kind == TypeKind::opaque ? type.name : std::string(name_of(type.kind));
  if (type.kind == TypeKind::variable) return "dyn";
  if (type.parts.empty()) return out;
  char before = '(';
  for (const TypeRef& part : type.parts) {
    out += before;
    out += to_string(*part);
    before = ',';
  }
  return out + ")";
}

TypeRef parse_type(std::string_view text) {
  return TypeReader(text).run();
}

std::string_view type_value(std::string_view name) {
  constexpr auto hidden =
      std::to_array<std::string_view>({"dyn", "null", "timestamp", "duration", "object", "error"});
  if (std::ranges::find(hidden, name) != hidden.end()) return {};
  const auto row = std::ranges::find(kNames, name, &Named::name);
  return row == kNames.end() ? std::string_view() : row->name;
}

}  // namespace pawl::cel
