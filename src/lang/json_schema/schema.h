// JSON Schema 2020-12, compiled once, and the check of one value against it.
//
// What is checked: every assertion and applicator of 2020-12, boolean schemas, `$ref`, `$anchor`,
// `$dynamicRef` and `$id` inside the one document. Older drafts are read where `$schema` names them
// (2019-09, 07, 06, 04) and, because servers forget to say it, where there is no `$schema` at all
// and `items` is a list, or `exclusiveMinimum` is a truth value beside its bound. A `$schema` that
// is not known is read like none: what that cannot judge is undecided by itself. `format` is a
// remark unless `Limits::check_formats` is set. What no draft knows (`nullable`, `x-…`) is a remark
// too.
//
// Nothing is ever fetched: a reference that leaves the document is an error of `compile`.
//
// Fails closed. What has no plain meaning (a keyword of the wrong form, a reference to nowhere, a
// pattern that RE2 cannot do) is a `Finding`, and then whatever needs it is *undecided*, which is
// invalid, below `not` too; the rest of the schema is as good as ever. `Trusted` places are the
// exception: what is said of them elsewhere stands for what cannot be checked. `compile` refuses a
// schema whose root itself has no plain meaning, and a reference that comes back to itself without
// going into the value. A value that takes more than `Limits::work_max` steps is invalid too.
//
// Numbers are exact: 64-bit integers as integers, every other number as the decimal that is
// forwarded; `1.0` is an integer. Lengths are code points. Patterns are those of ECMA-262,
// unanchored (pattern.h).
//
// Precondition: no object of a value has two equal keys (base/json refuses such texts).
// Memory: a valid value costs none, except objects in `enum` and `const` whose keys have another
// order, more than 16 elements under `uniqueItems`, more than 512 members under `unevaluated…`.
// Threads: a Schema is immutable and may be read from everywhere.
// Source: json-schema.org/draft/2020-12, core and validation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace pawl::json_schema {

struct Limits {
  std::size_t bytes_max = 1UL << 20;     // of the schema's canonical text
  std::size_t schemas_max = 20'000;      // in one document
  std::size_t in_place_depth_max = 64;   // schemas about the same value, one below the other
  std::size_t patterns_max = 256;        // different ones
  std::size_t pattern_bytes_max = 4096;  // of one
  std::uint64_t work_max = 1'000'000;    // steps for one value
  bool check_formats = false;
};

// Something in a schema that cannot be checked. Whatever needs it is invalid.
struct Finding {
  std::string pointer;  // into the schema: `/properties/name/pattern`
  std::string says;
};
inline constexpr std::size_t findings_max = 256;  // of one schema; more are not listed

// Places of a value, and everything below them: members by name. An array on the way stands for
// each of its elements.
using Trusted = std::vector<std::vector<std::string>>;

// Why a value is invalid. No bytes of the value are in `says`, except names of members, visible and
// cut short; the values that a schema lists are in it likewise.
struct Violation {
  std::string pointer;  // into the value: `/edits/2/path`, empty for the value itself
  std::string keyword;  // `required`; `work` where the steps were used up
  std::string says;     // `must be a string and is a number`
  std::string member;   // of `required` and `dependentRequired`: the name that is missing
};

struct Compiled;

class Schema {
 public:
  explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  bool valid(json::View value, const Trusted& trusted = {}) const;
  // The first violation, or nothing where the value is valid. What cannot be checked of `trusted`
  // places counts as fitting.
  std::optional<Violation> validate(json::View value, const Trusted& trusted = {}) const;
  // As many as there are, at most so many. Empty: valid.
  std::vector<Violation> violations(json::View value, std::size_t at_most = 32,
                                    const Trusted& trusted = {}) const;

  const std::vector<Finding>& findings() const;

 private:
  std::shared_ptr<const Compiled> compiled_;
};

// Errors name the place: `/properties/size/minimum` must be a number. Of a draft that the schema
// does not name only what it says itself counts.
Result<Schema> compile(json::View schema, const Limits& limits = {});

}  // namespace pawl::json_schema
