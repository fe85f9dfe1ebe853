// The canonical layout of a YAML file: what is there, indented and spaced in one way.
//
// Kept: every comment, the order of keys, quotes, whether a collection is written in brackets or
// over several lines, and single empty lines. Made the same: indentation (two columns, lists two
// columns below their key), blanks inside of brackets and before comments, empty lines in a row,
// blanks at ends of lines, the end of the file. A collection in brackets that holds a comment or
// does not fit into the width is written over several lines.
//
// What comes out is read again and compared: the same tree of keys and scalars (quotes included)
// and the same comments in the same order, or nothing is changed. Laying out twice changes nothing
// more. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "base/yaml.h"

namespace pawl::yaml {

inline constexpr std::size_t layout_columns_max = 100;

// Precondition: `read(text)` reports no mistake; an error of the kind `invalid` says that it does.
// ErrorKind::internal where the layout would change the tree or lose a comment.
Result<std::string> formatted(std::string_view text, std::string_view file);

// Hash of a tree without its places: equal for two files that say the same in the same order.
Digest digest_of(const Node& root);

}  // namespace pawl::yaml
