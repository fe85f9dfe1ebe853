// Addresses of schemas: URI references inside one document, and JSON pointers. Private to this
// room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace pawl::json_schema {

// `reference` against `base`, both without a fragment (RFC 3986, 5.2). An empty base is that of a
// document without `$id`: then only an absolute or empty reference keeps a meaning of its own.
std::string resolve(std::string_view base, std::string_view reference);

// What stands before and behind the first `#`; no fragment and an empty one are the same.
struct Split {
  std::string_view address, fragment;
};
Split split_fragment(std::string_view reference);

// `%XX` decoded; nothing where it is malformed.
std::optional<std::string> unescape_percent(std::string_view text);

// The tokens of a JSON pointer, which is empty or begins with `/`; nothing where it is malformed.
std::optional<std::vector<std::string>> pointer_tokens(std::string_view pointer);

// One step down: a member, or an element where the token is its index. Nothing: not there.
json::View step(json::View at, std::string_view token);

// The pointer from the document's root to one of its nodes. Of a member's name: the object's.
std::string pointer_of(const json::Document& document, std::uint32_t node);

}  // namespace pawl::json_schema
