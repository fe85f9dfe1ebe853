// `scope` (rule 8): only listed fields come back, by every way back.
//
// A listed field is kept whole; projection descends only through containers that are not listed
// (wrappers become skeletons); dotted names narrow (`contact_info.email`). Structured content is
// projected; text content is replaced by the projection of the JSON it holds; what is not JSON,
// images, audio, embedded resources, links, `_meta`, error texts, progress messages and log messages
// are withheld. What was withheld is named.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace pawl {

// Compiled list of fields. Immutable.
class Scope {
 public:
  explicit Scope(std::vector<std::string> fields);   // names or dotted names, as in the policy
  const std::vector<std::string>& fields() const { return fields_; }

  // The projection of a JSON value, as canonical JSON. False (and "null") where nothing is left.
  bool project(json::View value, std::string& out) const;

 private:
  std::vector<std::string> fields_;
  std::vector<std::vector<std::string>> paths_;
};

// A tools/call result after projection: canonical JSON of the whole result object.
struct Projected {
  std::string result;
  std::vector<std::string> withheld;   // `content[1] image`, `_meta`, `structuredContent.card`, …
};
Projected project_result(const Scope& scope, json::View result);

// The output schema that a validating client must see in tools/list: every object level open and
// without `required` beyond what the projection keeps; still an object schema.
std::string project_output_schema(const Scope& scope, json::View schema);

// The text of a progress or log notification under a scope: replaced, never passed.
std::string withheld_notice();

}  // namespace pawl
