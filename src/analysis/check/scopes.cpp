// `scope` against what tools say that they return.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/parts.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using Names = std::span<const std::string>;

constexpr int depth_max = 32;

// What an output schema says about names of members. Where it leaves open what there may be, the
// answer is yes: only what it rules out is a mistake.
class Returned {
 public:
  explicit Returned(json::View schema) : root_(schema) {}

  // Whether a value may have these members, one in the other, the first of them at any depth.
  bool may_have(Names names) {
    seen_.clear();
    return look(root_, names, true, 0);
  }
  // Every name that the schema lists.
  const std::set<std::string>& listed() const { return listed_; }

 private:
  bool look(json::View schema, Names names, bool anywhere,
            int depth) {  // NOLINT(misc-no-recursion)
    if (!schema.is_object()) {
      return schema.exists() && (schema.kind() != json::Kind::boolean || schema.boolean());
    }
    if (depth > depth_max) return true;
    if (const auto to = schema.text("$ref")) return follow(*to, names, anywhere, depth);
    for (const std::string_view open : {"patternProperties", "dependentSchemas"}) {
      if (schema[open].exists()) return true;
    }
    bool found = members(schema["properties"], names, anywhere, depth);
    bool says = schema["properties"].is_object();
    for (const std::string_view one : {"items", "then", "else"}) {
      says = says || schema[one].exists();
      found = look(schema[one], names, anywhere, depth + 1) || found;
    }
    for (const std::string_view several : {"anyOf", "oneOf", "allOf", "prefixItems"}) {
      says = says || schema[several].exists();
      for (const json::View branch : schema[several].elements()) {
        found = look(branch, names, anywhere, depth + 1) || found;
      }
    }
    if (const json::View more = schema["additionalProperties"]; more.exists()) {
      says = true;
      found = others(more, names, anywhere, depth) || found;
    }
    return found || (!says && may_be_container(schema));
  }

  bool members(json::View properties, Names names, bool anywhere,
               int depth) {  // NOLINT(misc-no-recursion)
    bool found = false;
    for (const auto& [name, value] : properties.members()) {
      listed_.emplace(name);
      if (name == names.front()) {
        found = found || names.size() == 1 || look(value, names.subspan(1), false, depth + 1);
      }
      found = (anywhere && look(value, names, true, depth + 1)) || found;
    }
    return found;
  }

  // Members that are not listed.
  bool others(json::View schema, Names names, bool anywhere,
              int depth) {  // NOLINT(misc-no-recursion)
    if (!schema.is_object()) return schema.kind() != json::Kind::boolean || schema.boolean();
    if (names.size() == 1) return true;
    return look(schema, names.subspan(1), false, depth + 1) ||
           (anywhere && look(schema, names, true, depth + 1));
  }

  bool follow(std::string_view to, Names names, bool anywhere,
              int depth) {  // NOLINT(misc-no-recursion)
    const std::string once =
        fmt::format("{} {} {}", to, names.size(), anywhere ? "anywhere" : "here");
    if (!seen_.insert(once).second) return false;
    if (!to.starts_with('#')) return true;
    json::View at = root_;
    for (const std::string_view token : split(to.substr(1), '/')) {
      if (!token.empty()) at = at[step_of(token)];
    }
    return !at.exists() || look(at, names, anywhere, depth + 1);
  }

  // A name in a pointer: `~1` is a slash in it, `~0` the `~` itself.
  static std::string step_of(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const std::string_view two = token.substr(i, 2);
      out += two == "~1" ? '/' : token[i];
      if (two == "~1" || two == "~0") ++i;
    }
    return out;
  }

  // Whether what says nothing of members may have some.
  static bool may_be_container(json::View schema) {
    if (schema["enum"].exists() || schema["const"].exists()) return false;
    const json::View type = schema["type"];
    const auto holds = [](json::View one) {
      return !one.is_string() || one.string() == "object" || one.string() == "array";
    };
    if (type.is_string()) return holds(type);
    bool any = !type.is_array();
    for (const json::View one : type.elements()) any = any || holds(one);
    return any;
  }

  json::View root_;
  std::set<std::string> seen_;  // references that were followed for these names
  std::set<std::string> listed_;
};

// The tools that an entry decides, each with the schema of what it returns; nothing where one of
// them says nothing of it.
std::vector<json::Document> schemas_of(const Subject& subject, const ToolRule& entry) {
  std::vector<json::Document> out;
  for (const ToolDefinition* tool : subject.tools_of(entry)) {
    auto document = json::parse(tool->text);
    if (!document || !document->root()["outputSchema"].is_object()) return {};
    out.push_back(*std::move(document));
  }
  return out;
}

void check_scope(const Subject& subject, const ToolRule& entry) {
  const std::vector<json::Document> schemas = schemas_of(subject, entry);
  if (schemas.empty()) return;
  for (std::size_t i = 0; i < entry.scope->paths().size(); ++i) {
    const std::vector<std::string>& path = entry.scope->paths()[i];
    std::vector<std::string> known;
    bool found = false;
    for (const json::Document& schema : schemas) {
      Returned returned(schema.root()["outputSchema"]);
      found = found || returned.may_have(path);
      known.insert(known.end(), returned.listed().begin(), returned.listed().end());
    }
    if (found) continue;
    const auto lost = std::ranges::find_if(path, [&known](const std::string& name) {
      return std::ranges::find(known, name) == known.end();
    });
    const std::string near = lost == path.end() ? std::string() : closest_match(*lost, known);
    const std::string& field = entry.scope->fields()[i];
    subject.error(
        entry.scope_at[i],
        fmt::format("`{}` returns no `{}`, by its own output schema{}", escape_untrusted(entry.key),
                    escape_untrusted(field),
                    near.empty() ? std::string(", so nothing comes back for it")
                                 : fmt::format(": did you mean `{}`?", escape_untrusted(near))));
  }
}

}  // namespace

void check_scopes(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    if (entry.scope && entry.scope_at.size() == entry.scope->paths().size()) {
      check_scope(subject, entry);
    }
  }
}

}  // namespace pawl::checking
