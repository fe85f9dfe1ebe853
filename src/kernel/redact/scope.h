// `scope`: only listed fields come back, by every way back.
//
// A listed field is kept whole; projection descends only through containers that are not listed
// (wrappers become skeletons); dotted names narrow (`contact_info.email`). Structured content is
// projected; text content is replaced by the projection of the JSON it holds; what is not JSON,
// images, audio, embedded resources, links, `_meta`, error texts, progress messages and log
// messages are withheld. What was withheld is named.
//
// A listed name counts at any depth. Inside a container that begins a dotted name and is not listed
// itself, only the rest of that name counts: with `contact_info.email` and `id`, an `id` inside
// `contact_info` stays out. Lists are transparent: each element is projected, and one of which
// nothing is left disappears.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace pawl {

// Compiled list of fields. Immutable.
class Scope {
 public:
  explicit Scope(std::vector<std::string> fields);  // names or dotted names, as in the policy
  const std::vector<std::string>& fields() const { return fields_; }
  const std::vector<std::vector<std::string>>& paths() const { return paths_; }  // cut at dots

  // The projection of a JSON value, as canonical JSON. False (and "null") where nothing is left.
  bool project(json::View value, std::string& out) const;

 private:
  std::vector<std::string> fields_;
  std::vector<std::vector<std::string>> paths_;
};

// A tools/call result after projection: canonical JSON of the whole result object, valid for any
// client: `content` is a list of texts, `structuredContent` is an object where the server sent one.
// The texts agree with the structured content. If anything was withheld, the last text says of what
// kind and how many; it names no field, because names of fields may be data.
struct Projected {
  std::string result;
  // For the record, never for the agent: `content[1] image`, `_meta`, `structuredContent.card`, …
  std::vector<std::string> withheld;
};
inline constexpr std::size_t withheld_names_max = 64;  // further ones are counted
Projected project_result(const Scope& scope, json::View result);

// The output schema that a validating client must see in tools/list: every object level open and
// without `required` beyond what the projection keeps; still an object schema. Levels that say more
// about a value than its members (`anyOf`, `$ref` to something other than a definition) are opened.
std::string project_output_schema(const Scope& scope, json::View schema);

// The text of a progress or log notification under a scope: replaced, never passed.
std::string withheld_notice();

}  // namespace pawl
